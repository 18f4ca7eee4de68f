"""Limits that an alert cannot have: CloudWatch would refuse the alarm, or it would never go off."""

from collections.abc import Iterator

from capture_forwarder.configuration.observability import AlertName, AlertSettings, ObservabilitySettings

_HOUR_SECS = 3600
_ALL_PERCENT = 100
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-limits.html
_QUERY_SECS = 3 * _HOUR_SECS
_OF_CPU = {AlertName.PROCESSING_CPU_PERCENT, AlertName.TRAINING_CPU_PERCENT, AlertName.TRANSFORM_CPU_PERCENT}
_OF_GPU = {AlertName.PROCESSING_GPU_PERCENT, AlertName.TRAINING_GPU_PERCENT, AlertName.TRANSFORM_GPU_PERCENT}


def alert_problems(settings: ObservabilitySettings) -> Iterator[str]:
    """Yield the problems of each `[[observability.alert]]`, with the remedy."""
    for index, alert in enumerate(settings.alert):
        path = f"observability.alert[{index}]"
        yield from _of_threshold(alert, path)
        yield from _of_window(alert, path)
        for names, option, value in (
            (_OF_CPU, "job_vcpus", settings.job_vcpus),
            (_OF_GPU, "job_gpus", settings.job_gpus),
        ):
            if alert.name in names and alert.enabled and value is None:
                yield f"{path}: {alert.name.value!r} needs observability.{option}; write it too, or remove this table"


def _of_threshold(alert: AlertSettings, path: str) -> Iterator[str]:
    of_share = alert.name.value.endswith("_percent")
    if of_share and alert.threshold is not None and alert.threshold >= _ALL_PERCENT:
        yield (
            f"{path}.threshold: {alert.threshold:g} is never exceeded; write a percentage below 100, of all cores or "
            "GPUs, or of the disk"
        )


def _of_window(alert: AlertSettings, path: str) -> Iterator[str]:
    if alert.window_secs is None:
        return
    if alert.name is AlertName.CAPTURES_MISSING and alert.window_secs % _HOUR_SECS:
        yield f"{path}.window_secs: write a multiple of 3600; captures are compared with invocations by hours"
    if alert.name in _OF_CPU | _OF_GPU and alert.window_secs > _QUERY_SECS:
        yield f"{path}.window_secs: write at most {_QUERY_SECS}; a query over all jobs sees the latest 3 hours"
