"""The alarms, and the dashboard."""

import json
from typing import Any

from capture_forwarder.configuration.metrics import NAMESPACE, TOTALS, Metric
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import BACKFILL_QUEUE, DEFAULT, properties, resources

ALARMS = {
    "DeadLetters": 0,
    "OldestMessage": 3600,
    "OldestBackfillMessage": 14 * 86_400 / 2,
    "Errors": 0,
    "Throttles": 0,
    "ConservationViolations": 0,
    "RequestsDenied": 0,
    "Pending": 0,
    "Rejected": 5,
}


def test_every_way_to_stay_behind_has_an_alarm(default: Template) -> None:
    """Each goes off above its threshold, tells the topic when it does and when it is over, and names its page."""
    alarms = [each["Properties"] for each in resources(default, "CloudWatch::Alarm").values()]
    named = {each["AlarmDescription"].rsplit(", ", 1)[-1].rstrip("."): each["Threshold"] for each in alarms}
    assert named == ALARMS
    for alarm in alarms:
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopicC2164170"}]
        assert alarm["TreatMissingData"] == "notBreaching"


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm watches."""
    if "MetricName" in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


def test_alarms_watch_what_the_function_emits(default: Template) -> None:
    """Sums under the name of the stack: an alarm on a metric that is never emitted would never go off."""
    alarms = [each["Properties"] for each in resources(default, "CloudWatch::Alarm").values()]
    ours = [metric for alarm in alarms for metric in metrics(alarm) if metric["Namespace"] == NAMESPACE]
    assert {metric["MetricName"] for metric in ours} == {metric.value.name for metric in TOTALS}
    assert all(each["Dimensions"] == [{"Name": "stack", "Value": "capture-forwarder"}] for each in ours)
    assert all("SEARCH" not in json.dumps(alarm) for alarm in alarms)


def test_the_age_of_a_backfill_is_measured_against_its_retention(stacks: Stacks) -> None:
    """SQS deletes what is older, without a dead letter; an hour, as for live captures, is no delay for a backfill."""
    text = DEFAULT.read_text(encoding="utf-8").replace("[stack]", "[stack]\nmessage_retention_days = 4\n")
    alarms = [each["Properties"] for each in resources(stacks.template(text), "CloudWatch::Alarm").values()]
    (alarm,) = (each for each in alarms if "OldestBackfillMessage" in each["AlarmDescription"])
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateAgeOfOldestMessage", 2 * 86_400)
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [BACKFILL_QUEUE, "QueueName"]}


def test_alarms_go_to_the_topic_that_is_given(stacks: Stacks) -> None:
    """And none is made."""
    template = stacks.example("kms")
    actions = {tuple(each["Properties"]["AlarmActions"]) for each in resources(template, "CloudWatch::Alarm").values()}
    assert actions == {("arn:aws:sns:eu-west-1:123456789012:on-call",)}
    assert not resources(template, "SNS::Topic")


def test_alarms_may_use_the_key_of_the_topic_that_is_made(default: Template) -> None:
    """An encrypted topic drops what its key does not let CloudWatch encrypt."""
    topic = properties(default, "SNS::Topic")
    (key,) = resources(default, "KMS::Key")
    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    statements = properties(default, "KMS::Key")["KeyPolicy"]["Statement"]
    (alarms,) = (each for each in statements if each["Principal"].get("Service") == "cloudwatch.amazonaws.com")
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_the_dashboard_shows_every_metric_of_the_counts(default: Template) -> None:
    """Of every route, found by search, so that a new route needs no new dashboard."""
    body = json.dumps(properties(default, "CloudWatch::Dashboard")["DashboardBody"])
    shown = {metric for metric in Metric if metric.value.name in body}
    skipped = {Metric.OBJECTS_SKIPPED, Metric.RECORDS_SKIPPED}
    assert shown >= set(Metric) - skipped - {Metric.RECORDS_READ, Metric.INFERENCES_DUPLICATE}


def test_the_dashboard_shows_every_queue(default: Template) -> None:
    """How many messages wait in each, and the age of the oldest in the two that the function works on."""
    body = json.dumps(properties(default, "CloudWatch::Dashboard")["DashboardBody"])
    for queue in resources(default, "SQS::Queue"):
        assert queue in body
    assert body.count("ApproximateNumberOfMessagesVisible") == len(resources(default, "SQS::Queue")) == 3
    assert body.count("ApproximateAgeOfOldestMessage") == 2
