"""The alarms, and the dashboard."""

import json
from typing import Any

import pytest

from capture_forwarder.configuration.metrics import NAMESPACE, OF_ENDPOINTS, TOTALS, Metric
from capture_forwarder.configuration.names import rule_name
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import BACKFILL_QUEUE, DEFAULT, EVERYTHING, properties, resources

ALARMS = {
    "DeadLetters": 0,
    "OldestMessage": 3600,
    "OldestBackfillMessage": 10 * 86_400 / 2,
    "Errors": 0,
    "Throttles": 0,
    "NearTimeout": 0.97 * 300_000,
    "RecursionStopped": 0,
    "EventsNotDelivered": 0,
    "ConservationViolations": 0,
    "RequestsDenied": 0,
    "Pending": 1800,
    "Blocked": 900,
    "GivenUp": 0,
    "Unrouted": 0,
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
    # The number of pending inferences is a total for the dashboard.
    assert {metric["MetricName"] for metric in ours} == {
        metric.value.name for metric in (TOTALS | {Metric.OBJECTS_UNROUTED}) - {Metric.INFERENCES_PENDING}
    }
    assert all(each["Dimensions"] == [{"Name": "stack", "Value": "capture-forwarder"}] for each in ours)
    assert all("SEARCH" not in json.dumps(alarm) for alarm in alarms)


def named(template: Template, name: str) -> list[dict[str, Any]]:
    """Return the alarms of one section of the runbook."""
    alarms = [each["Properties"] for each in resources(template, "CloudWatch::Alarm").values()]
    return [each for each in alarms if each["AlarmDescription"].endswith(f", {name}.")]


def test_one_old_object_is_enough_for_the_alarm_of_pending_objects(default: Template) -> None:
    """An object is tried again within 15 minutes, so each period of half an hour has its age."""
    (alarm,) = named(default, "Pending")
    assert (alarm["MetricName"], alarm["Statistic"]) == ("PendingAge", "Maximum")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (1800, 1)


def test_an_object_that_waits_for_a_person_is_noticed_within_half_an_hour(default: Template) -> None:
    """A denial by S3, KMS or a destination: no retry succeeds before somebody acts."""
    (alarm,) = named(default, "Blocked")
    assert (alarm["MetricName"], alarm["Statistic"]) == ("BlockedAge", "Maximum")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (1800, 1)


@pytest.mark.parametrize(("name", "metric"), [("Unrouted", "ObjectsUnrouted"), ("GivenUp", "ObjectsGivenUp")])
def test_an_object_that_moves_to_quarantine_as_a_whole_sets_off_an_alarm(
    default: Template, name: str, metric: str
) -> None:
    """One is enough: its rows are missing at the destination until somebody replays it."""
    (alarm,) = named(default, name)
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == (metric, "Sum", 300)


def test_messages_that_lambda_drops_set_off_an_alarm(default: Template) -> None:
    """They are in the dead-letter queue, though they are valid."""
    (alarm,) = named(default, "RecursionStopped")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "RecursiveInvocationsDropped")
    (function,) = resources(default, "Lambda::Function")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]


def test_every_rule_is_watched_by_an_alarm(stacks: Stacks) -> None:
    """An alarm takes at most ten metrics, so twelve rules have three. A bucket with notifications has no rule."""
    names = [f"captures-{number}" for number in range(12)]
    head, route = stacks_text()
    text = head + "".join(route.format(bucket=name) for name in (*names, "own"))
    template = stacks.template(text + '\n[[bucket]]\nname = "own"\ncreate = true\n')
    alarms = named(template, "EventsNotDelivered")
    assert len(alarms) == 3
    watched = [metric for alarm in alarms for metric in metrics(alarm)]
    assert max(len(metrics(alarm)) for alarm in alarms) == 10
    for name in ("FailedInvocations", "InvocationsFailedToBeSentToDlq"):
        rules = [each["Dimensions"][0]["Value"] for each in watched if each["MetricName"] == name]
        assert rules == [rule_name("capture-forwarder", bucket) for bucket in names]
    for alarm in alarms:
        (expression,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
        assert expression.count("FILL(") == len(metrics(alarm))
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 3)


def stacks_text() -> tuple[str, str]:
    """Return a destination, and a route to it in a bucket that is to be filled in."""
    head = DEFAULT.read_text(encoding="utf-8").partition("[[route]]")[0]
    route = '[[route]]\nname = "{bucket}"\nbucket = "{bucket}"\nprefix = ""\ndestination = "arthur"\nmodel_id = "m"\n'
    return head, route


def test_a_stack_that_expects_captures_has_an_alarm_when_there_are_none(stacks: Stacks) -> None:
    """Without any data it goes off too: the function may never have been invoked."""
    (alarm,) = named(stacks.template(EVERYTHING), "NoCaptures")
    assert (alarm["MetricName"], alarm["Period"], alarm["EvaluationPeriods"]) == ("ObjectsArrived", 6 * 3600, 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert alarm["TreatMissingData"] == "breaching"


def test_the_new_topic_has_the_subscriber_of_the_file(stacks: Stacks) -> None:
    """Without one, the alarms reach no person until one subscribes."""
    template = stacks.template(EVERYTHING)
    (topic,) = resources(template, "SNS::Topic")
    subscription = properties(template, "SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "on-call@example.com")
    assert subscription["TopicArn"] == {"Ref": topic}


def test_the_age_of_a_backfill_is_measured_against_its_retention(stacks: Stacks) -> None:
    """SQS deletes what is older, without a dead letter; an hour, as for live captures, is no delay for a backfill."""
    text = DEFAULT.read_text(encoding="utf-8").replace(
        "[stack]", "[function]\ngive_up_days = 3\n[stack]\nmessage_retention_days = 4\n"
    )
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
    """An encrypted topic drops a message if its key does not let CloudWatch encrypt."""
    topic = properties(default, "SNS::Topic")
    (key,) = resources(default, "KMS::Key")
    assert topic["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    statements = properties(default, "KMS::Key")["KeyPolicy"]["Statement"]
    (alarms,) = (each for each in statements if each["Principal"].get("Service") == "cloudwatch.amazonaws.com")
    assert set(alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_the_dashboard_shows_every_metric_of_the_counts(default: Template) -> None:
    """Of every route, found by search, so that a new route needs no new dashboard. Endpoints have dashboards of their own."""
    body = json.dumps(properties(default, "CloudWatch::Dashboard")["DashboardBody"])
    shown = {metric for metric in Metric if metric.value.name in body}
    skipped = {Metric.OBJECTS_ARRIVED, Metric.OBJECTS_SKIPPED, Metric.OBJECTS_UNROUTED, Metric.RECORDS_SKIPPED}
    assert shown >= set(Metric) - skipped - OF_ENDPOINTS - {Metric.INFERENCES_DUPLICATE}


def test_the_dashboard_shows_only_totals_if_there_are_no_others(stacks: Stacks) -> None:
    """A search by route would have no result."""
    body = json.dumps(properties(stacks.template(EVERYTHING), "CloudWatch::Dashboard")["DashboardBody"])
    assert "SEARCH" not in body
    shown = {metric for metric in Metric if f'\\"{metric.value.name}\\"' in body}
    assert shown == TOTALS - {Metric.INFERENCES_DUPLICATE}


def test_the_name_of_the_dashboard_begins_with_that_of_the_stack(default: Template) -> None:
    """So that a policy can name it. All regions of an account share one set of names."""
    name = properties(default, "CloudWatch::Dashboard")["DashboardName"]
    assert name == {"Fn::Join": ["", ["capture-forwarder-", {"Ref": "AWS::Region"}]]}


def test_the_dashboard_shows_every_queue(default: Template) -> None:
    """How many messages wait in each, and the age of the oldest in the two that the function works on."""
    body = json.dumps(properties(default, "CloudWatch::Dashboard")["DashboardBody"])
    for queue in resources(default, "SQS::Queue"):
        assert queue in body
    assert body.count("ApproximateNumberOfMessagesVisible") == len(resources(default, "SQS::Queue")) == 3
    assert body.count("ApproximateAgeOfOldestMessage") == 2
