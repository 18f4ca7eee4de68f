"""The alerts: thresholds, windows, and their sections in `docs/runbook.md`.

A1 to A4 and B1 to B7 are those of Sumo Logic's page and of its later text. Their windows are ours: the page names none.
"""

from collections.abc import Mapping

from msgspec import Struct

from capture_forwarder.configuration.observability import AlertName, ObservabilitySettings


class Alert(Struct, frozen=True, kw_only=True):
    """One alert: it goes off above `threshold` in `breaches` of the last `periods` windows of `window_secs`.

    `ids` are the items of the page that it serves, and `section` is its section of the runbook. `text` is the sentence
    of its alarms, with `{threshold}` and, for an alarm of one variant, `{variant}`.
    """

    name: AlertName
    ids: tuple[str, ...]
    section: str
    text: str
    threshold: float
    window_secs: int = 300
    periods: int = 1
    breaches: int = 1


_SHARE_OF_JOB = 80
_ALERTS = (
    Alert(
        name=AlertName.DELETE_CALLS,
        ids=("A1",),
        section="DeleteCalls",
        text="More than {threshold:g} Delete calls of SageMaker's API.",
        threshold=0,
    ),
    Alert(
        name=AlertName.MODEL_LATENCY_MS,
        ids=("A2",),
        section="ModelLatency",
        text="The model of {variant} takes more than {threshold:g} ms on average.",
        threshold=5000,
    ),
    Alert(
        name=AlertName.DENIED_CALLS,
        ids=("A3",),
        section="DeniedCalls",
        text="More than {threshold:g} calls of SageMaker's API were denied.",
        threshold=5,
    ),
    Alert(
        name=AlertName.SERVER_ERRORS,
        ids=("A4",),
        section="ServerErrors",
        text="{variant} answered more than {threshold:g} calls with a server error.",
        threshold=5,
    ),
    Alert(
        name=AlertName.PIPELINE_DURATION_MS,
        ids=("B1",),
        section="PipelineDuration",
        text="An execution of a pipeline took more than {threshold:g} ms.",
        threshold=300_000,
    ),
    *(
        Alert(
            name=AlertName(f"{job}_{part.lower()}_percent"),
            ids=(item,),
            section=f"{job.title()}{part.title()}",
            text=f"A {job} job uses more than {{threshold:g}} % of its {part}s.",
            threshold=_SHARE_OF_JOB,
        )
        for item, job, part in (
            ("B2", "processing", "CPU"),
            ("B3", "processing", "GPU"),
            ("B4", "training", "CPU"),
            ("B5", "training", "GPU"),
            ("B6", "transform", "CPU"),
            ("B7", "transform", "GPU"),
        )
    ),
    Alert(
        name=AlertName.CAPTURES_MISSING,
        ids=("captures_missing",),
        section="CapturesMissing",
        text="More than {threshold:g} captures of {variant} are missing, after allowance for sampling.",
        threshold=0,
        window_secs=3600,
        # Captures of the last hour may still be on their way.
        periods=3,
        breaches=2,
    ),
    Alert(
        name=AlertName.DISK_PERCENT,
        ids=("disk_percent",),
        section="DiskUse",
        text="A disk of {variant} is fuller than {threshold:g} %: SageMaker may stop capturing.",
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
        threshold=75,
    ),
)
ALERTS: Mapping[AlertName, Alert] = {alert.name: alert for alert in _ALERTS}


def alert_of(settings: ObservabilitySettings, name: AlertName) -> Alert | None:
    """Return an alert with the limits of the file; `None` if the file disables it."""
    alert, chosen = ALERTS[name], settings.alert_settings(name)
    if not chosen.enabled:
        return None
    return Alert(
        name=alert.name,
        ids=alert.ids,
        section=alert.section,
        text=alert.text,
        threshold=alert.threshold if chosen.threshold is None else chosen.threshold,
        window_secs=alert.window_secs if chosen.window_secs is None else chosen.window_secs,
        periods=alert.periods,
        breaches=alert.breaches,
    )
