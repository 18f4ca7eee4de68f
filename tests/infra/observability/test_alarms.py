"""The alarms in the template: their texts, topic, metrics and limits, and the composite alarms."""

import json
import re

import pytest

from capture_forwarder.configuration.observability import AlertName
from capture_forwarder.configuration.reader import SettingsError
from integrations.observability.alerts import ALERTS
from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES
from tests.infra.observability.synthesised import ALARMS, alarms, composite_alarms, metrics
from tests.observability.boards_of import problem_of
from tests.support.alarm_evaluator import Properties

TEXT = ALARMS.read_text(encoding="utf-8")
OF_THE_REGION = {"DeleteCalls", "DeniedCalls", "PipelineDuration"}
OF_JOBS = {f"{jobs}{part}" for jobs in ("Processing", "Training", "Transform") for part in ("Cpu", "Gpu")}


def test_all_alerts_have_alarms(stacks: Stacks) -> None:
    """Jobs only with their numbers of cores and GPUs, and a serverless variant has no disk."""
    variants = {f"churn/{variant}" for variant in ("all", "fifth", "hundredth")}
    of_variants = {
        f"{section}/{each}" for section in ("ModelLatency", "ServerErrors") for each in {*variants, "small/AllTraffic"}
    }
    of_captures = {f"{section}/{each}" for section in ("DiskUse", "CapturesMissing") for each in variants}
    assert set(alarms(stacks)) == OF_THE_REGION | OF_JOBS | of_variants | of_captures
    assert {name.partition("/")[0] for name in alarms(stacks)} == {alert.section for alert in ALERTS.values()}
    assert set(ALERTS) == set(AlertName)


def test_jobs_have_no_alarms_by_default(stacks: Stacks) -> None:
    """AWS bills each series that such an alarm reads."""
    names = set(alarms(stacks, EXAMPLES["observability"]))
    assert not names & OF_JOBS
    assert names >= OF_THE_REGION


def test_every_alarm_tells_the_topic_of_the_forwarder_when_it_begins_and_ends(stacks: Stacks) -> None:
    """Its text names the section of the runbook, and missing data never sets it off."""
    for name, alarm in alarms(stacks).items():
        assert alarm["AlarmActions"] == alarm["OKActions"], name
        (topic,) = alarm["AlarmActions"]
        assert topic["Fn::GetStackOutput"]["OutputName"].startswith("PublishOutputRefAlarmTopic")
        assert alarm["AlarmDescription"].endswith(f". See docs/runbook.md, {name.partition('/')[0]}.")
        assert alarm["TreatMissingData"] == "notBreaching"
        assert len(alarm["AlarmName"]) <= 255


def test_every_text_names_a_section_of_the_runbook(stacks: Stacks) -> None:
    """Notices of delete calls too."""
    named = set(re.findall(r"docs/runbook\.md, (\w+)\.", json.dumps(stacks.template(ALARMS, "Observability"))))
    assert named == {*(alert.section for alert in ALERTS.values()), "Endpoint"}


def test_a_given_topic_is_used(stacks: Stacks) -> None:
    """It is that of `[stack]`."""
    arn = "arn:aws:sns:eu-west-1:123456789012:pager"
    made = alarms(stacks, f'{TEXT}\n[stack]\nalarm_topic_arn = "{arn}"\n')
    assert {tuple(each["OKActions"]) for each in made.values()} == {(arn,)}


def watched(alarm: Properties) -> list[tuple[str, str, frozenset[str], str]]:
    """Return namespace, name, dimensions and statistic of what an alarm reads."""
    found = [
        (each["Namespace"], each["MetricName"], frozenset(one["Name"] for one in each.get("Dimensions", [])), statistic)
        for each, statistic in metrics(alarm)
    ]
    texts = [each.get("Expression", "") for each in alarm.get("Metrics", [])]
    queries = [re.fullmatch(r'SELECT MAX\((\w+)\) FROM SCHEMA\("(.+)", (\w+)\) GROUP BY \3', text) for text in texts]
    found += [(query[2], query[1], frozenset({query[3]}), "Maximum") for query in queries if query]
    return found


def test_every_metric_of_an_alarm_is_published(stacks: Stacks) -> None:
    """Each change of a letter, of case or of a dimension makes an alarm that never goes off, and is found."""
    for name, alarm in alarms(stacks).items():
        assert watched(alarm), name
        for namespace, metric, dimensions, statistic in watched(alarm):
            assert problem_of(namespace, metric, dimensions, statistic) is None, name
            for changed in (namespace.swapcase(), namespace[:-1]):
                assert problem_of(changed, metric, dimensions, statistic), name
            for changed in (metric.swapcase(), metric[:-1]):
                assert problem_of(namespace, changed, dimensions, statistic), name
            for others in (dimensions | {"Other"}, frozenset(each.lower() + "x" for each in dimensions) or {"x"}):
                assert problem_of(namespace, metric, frozenset(others), statistic), name
            assert problem_of(namespace, metric, dimensions, "Sums"), name


def test_math_has_one_result_and_one_period(stacks: Stacks) -> None:
    """CloudWatch refuses an alarm with two results, or with metrics of different periods."""
    math = [alarm for alarm in alarms(stacks).values() if "Metrics" in alarm]
    assert math
    for alarm in math:
        assert [each["ReturnData"] for each in alarm["Metrics"]].count(True) == 1
        periods = {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each}
        assert len(periods | {each["Period"] for each in alarm["Metrics"] if "Period" in each}) == 1
        assert "SEARCH" not in str(alarm)


def test_an_endpoint_has_one_composite_alarm(stacks: Stacks) -> None:
    """It is made after its alarms, names each of them once, and notifies no topic a second time."""
    made, found = alarms(stacks), composite_alarms(stacks)
    assert set(found) == {"Endpoint/churn", "Endpoint/small"}
    for name, composite in found.items():
        named = re.findall(r'ALARM\("capture-forwarder/([^"]+)"\)', composite["Properties"]["AlarmRule"])
        assert sorted(named) == sorted(each for each in made if each.split("/")[1:2] == [name.partition("/")[2]])
        assert len(composite["DependsOn"]) == len(named)
        assert composite["Properties"]["AlarmDescription"].endswith("See docs/runbook.md, Endpoint.")
        assert "AlarmActions" not in composite["Properties"]


def with_variants(count: int, length: int) -> str:
    """Return the configuration with one endpoint of `count` variants with long names."""
    head = TEXT.partition("[[observability.endpoint]]")[0]
    name = "e" * length
    tables = (
        f'[[observability.endpoint]]\nname = "{name}"\nvariant = "{"v" * (length - 3)}{at:03}"\n' for at in range(count)
    )
    return head + "\n".join(tables)


def test_more_alarms_than_a_stack_takes_are_refused(stacks: Stacks) -> None:
    """CloudFormation takes 500 resources in a stack."""
    head = TEXT.partition("[[observability.endpoint]]")[0] + 'dashboards = ["invocations"]\n\n'
    tables = [f'[[observability.endpoint]]\nname = "e{at}"\nsampling_percent = 1\n' for at in range(100)]
    with pytest.raises(SettingsError, match=r"capture-forwarder-observability has \d{3} resources, .*; list fewer"):
        stacks.template(head + "\n".join(tables), "Observability")


@pytest.mark.parametrize(("count", "length"), [(34, 10), (21, 63)])
def test_more_alarms_than_a_composite_alarm_takes_are_refused(stacks: Stacks, count: int, length: int) -> None:
    """At most 100 alarms, and 10,240 characters; one variant less is accepted."""
    with pytest.raises(
        SettingsError, match="a composite alarm takes at most 100 alarms and 10,240 characters; list fewer"
    ):
        stacks.template(with_variants(count, length), "Observability")
    (rule,) = composite_alarms(stacks, with_variants(count - 1, length)).values()
    assert len(rule["Properties"]["AlarmRule"]) <= 10_240
