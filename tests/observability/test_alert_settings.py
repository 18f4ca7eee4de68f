"""`[[observability.alert]]`: other limits for an alert; limits above the largest value are refused."""

import pytest

from capture_forwarder.configuration.observability import (
    AlertName,
    AlertSettings,
    EndpointKind,
    EndpointSettings,
    ObservabilitySettings,
)
from capture_forwarder.configuration.observability_checks import observability_problems
from integrations.observability.alarms import Alarm
from integrations.observability.alerts import ALERTS
from integrations.observability.chosen_alarms import alarms

ENDPOINT = EndpointSettings(name="churn", sampling_percent=50)


def settings(*alerts: AlertSettings, jobs: int | None = 8) -> ObservabilitySettings:
    """Return settings with one endpoint and these alerts."""
    return ObservabilitySettings(alert=alerts, endpoint=(ENDPOINT,), job_vcpus=jobs, job_gpus=jobs)


def alarm(name: AlertName, chosen: ObservabilitySettings) -> Alarm:
    """Return the one alarm of an alert."""
    (found,) = (each for each in alarms(chosen, "stack") if each.alert is name)
    return found


@pytest.mark.parametrize("name", AlertName)
def test_every_alert_can_be_disabled(name: AlertName) -> None:
    """The others stay."""
    left = {each.alert for each in alarms(settings(AlertSettings(name=name, enabled=False)), "stack")}
    assert left == set(AlertName) - {name}


@pytest.mark.parametrize("name", AlertName)
def test_every_alert_takes_another_threshold_and_window(name: AlertName) -> None:
    """The threshold has the unit of the name: milliseconds, percent of all cores, or a number."""
    factor = {AlertName.MODEL_LATENCY_MS: 1000}.get(
        name, 8 if name.value.startswith(("proc", "train", "transf")) else 1
    )
    found = alarm(name, settings(AlertSettings(name=name, threshold=7.5, window_secs=7200)))
    assert found.above == 7.5 * factor
    assert {query.period_secs for query in found.queries} == {7200}
    assert name is AlertName.CAPTURES_MISSING or "7.5" in found.text
    default = alarm(name, settings())
    assert default.above == ALERTS[name].threshold * factor
    assert (found.periods, found.breaches) == (default.periods, default.breaches)


def test_a_threshold_of_zero_is_taken() -> None:
    """It is not the same as no threshold."""
    assert alarm(AlertName.SERVER_ERRORS, settings(AlertSettings(name=AlertName.SERVER_ERRORS, threshold=0))).above == 0


def test_without_endpoints_only_the_alarms_of_the_region_are_left() -> None:
    """The stack can be deployed before the first endpoint is listed."""
    found = [each.section for each in alarms(ObservabilitySettings(), "stack")]
    assert found == ["DeleteCalls", "DeniedCalls", "PipelineDuration"]


@pytest.mark.parametrize(
    ("kind", "sampling_percent", "expected"),
    [
        (EndpointKind.REAL_TIME, 100, {"ModelLatency", "ServerErrors", "DiskUse", "CapturesMissing"}),
        (EndpointKind.REAL_TIME, None, {"ModelLatency", "ServerErrors", "DiskUse"}),
        (EndpointKind.SERVERLESS, 100, {"ModelLatency", "ServerErrors", "CapturesMissing"}),
        (EndpointKind.MULTI_MODEL, 1, {"ModelLatency", "ServerErrors", "DiskUse", "CapturesMissing"}),
        (EndpointKind.ASYNCHRONOUS, None, {"ModelLatency", "ServerErrors", "DiskUse"}),
    ],
)
def test_alarms_by_kind_of_endpoint(kind: EndpointKind, sampling_percent: int | None, expected: set[str]) -> None:
    """A serverless endpoint has no instances, and an asynchronous one has no number of invocations."""
    endpoint = EndpointSettings(name="churn", kind=kind, sampling_percent=sampling_percent)
    chosen = ObservabilitySettings(endpoint=(endpoint,))
    assert {each.section for each in alarms(chosen, "stack") if each.endpoint} == expected


@pytest.mark.parametrize(
    ("alert", "jobs", "expected"),
    [
        (
            AlertSettings(name=AlertName.DISK_PERCENT, threshold=100),
            8,
            "threshold: 100 is never exceeded; write a percentage below 100",
        ),
        (AlertSettings(name=AlertName.TRAINING_GPU_PERCENT, threshold=640), 8, "threshold: 640 is never exceeded"),
        (AlertSettings(name=AlertName.CAPTURES_MISSING, window_secs=5400), 8, "window_secs: write a multiple of 3600"),
        (
            AlertSettings(name=AlertName.TRANSFORM_CPU_PERCENT, window_secs=10_860),
            8,
            "window_secs: write at most 10800",
        ),
        (
            AlertSettings(name=AlertName.PROCESSING_CPU_PERCENT),
            None,
            "'processing_cpu_percent' needs observability.job_vcpus",
        ),
        (
            AlertSettings(name=AlertName.PROCESSING_GPU_PERCENT),
            None,
            "'processing_gpu_percent' needs observability.job_gpus",
        ),
    ],
)
def test_an_alarm_that_would_never_go_off_is_refused(alert: AlertSettings, jobs: int | None, expected: str) -> None:
    """The problem names the table and the remedy."""
    (found,) = observability_problems(settings(alert, jobs=jobs))
    assert found.startswith("observability.alert[0]")
    assert expected in found


@pytest.mark.parametrize(
    "alert",
    [
        AlertSettings(name=AlertName.DISK_PERCENT, threshold=99.5),
        AlertSettings(name=AlertName.CAPTURES_MISSING, window_secs=7200),
        AlertSettings(name=AlertName.CAPTURES_MISSING, threshold=1000),
        AlertSettings(name=AlertName.TRANSFORM_CPU_PERCENT, window_secs=10_800),
        AlertSettings(name=AlertName.MODEL_LATENCY_MS, window_secs=86_400),
        AlertSettings(name=AlertName.PROCESSING_CPU_PERCENT, enabled=False),
    ],
)
def test_other_limits_are_accepted(alert: AlertSettings) -> None:
    assert list(observability_problems(settings(alert, jobs=8))) == []


def test_a_disabled_alert_of_jobs_needs_no_cores() -> None:
    """There is no alarm then."""
    disabled = AlertSettings(name=AlertName.PROCESSING_CPU_PERCENT, enabled=False)
    assert list(observability_problems(settings(disabled, jobs=None))) == []
