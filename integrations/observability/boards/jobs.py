"""The panels that the dashboards of processing, transform and training jobs share (L8 to L10)."""

from capture_forwarder.configuration.observability import ObservabilitySettings
from integrations.observability.graphs import Family, Series
from integrations.observability.metric_names import PROCESSING_JOBS, TRAINING_JOBS
from integrations.observability.panels import Graph, LogPanel, Panel, View
from integrations.observability.sql import q8

_HAS_DISK = frozenset({PROCESSING_JOBS, TRAINING_JOBS})
_CPU = "CPUUtilization"
_GPU = "GPUUtilization"
_GPU_MEMORY = "GPUMemoryUtilization"
_MEMORY = "MemoryUtilization"
_DISK = "DiskUtilization"


def job_panels(page: str, namespace: str, settings: ObservabilitySettings) -> tuple[Panel, ...]:
    """Return the panels of one kind of job, whose items on the page begin with `page`.

    The name of a namespace of jobs is also that of their log group. CloudWatch has no honeycomb: a bar a job is the
    nearest.
    """
    family = Family(namespace=namespace, dimensions=("Host",), choices=("Host",))
    uses: list[Panel] = [
        _share(family, (f"{page}.1",), "CPU", _CPU, settings.job_vcpus, "vCPU"),
        _share(family, (f"{page}.2",), "GPU", _GPU, settings.job_gpus, "GPU"),
        _share(family, (f"{page}.3",), "GPU memory", _GPU_MEMORY, settings.job_gpus, "GPU"),
        family.graph((f"{page}.4",), "Memory", _average(_MEMORY), unit="percent of all", top=100),
    ]
    if namespace in _HAS_DISK:
        uses.append(family.graph((f"{page}.5",), "Disk", _average(_DISK), unit="percent of all", top=100))
    latest = _share(family, (f"{page}.6",), "CPU by job, latest", _CPU, settings.job_vcpus, "vCPU", View.BARS)
    return *uses, latest, _lines(page, namespace)


def cpu_and_gpu(ids: tuple[str, ...], title: str, namespace: str, settings: ObservabilitySettings) -> Graph:
    """Return one graph of the CPU and GPU of all jobs of a kind."""
    times = "", ""
    unit = "percent of one vCPU or GPU"
    if settings.job_vcpus and settings.job_gpus:
        times, unit = (f" / {settings.job_vcpus}", f" / {settings.job_gpus}"), "percent of all vCPUs or GPUs"
    return Family(namespace=namespace, dimensions=("Host",)).graph(
        ids, title, _average(_CPU, "CPU", times[0]), _average(_GPU, "GPU", times[1]), unit=unit
    )


def _share(
    family: Family,
    ids: tuple[str, ...],
    title: str,
    metric: str,
    parts: int | None,
    part: str,
    view: View = View.LINES,
) -> Graph:
    """Return the use as a percentage of all parts, or of one if the settings do not say how many there are.

    SageMaker publishes 0 to 100 for each part, so a machine with 8 vCPUs reaches 800.
    """
    series = _average(metric, times=f" / {parts}" if parts else "")
    unit = f"percent of {parts} {part}s" if parts else f"percent of one {part}"
    return family.graph(ids, title, series, unit=unit, top=100 if parts else None, view=view)


def _average(metric: str, label: str = "", times: str = "") -> Series:
    return Series(metric=metric, statistic="Average", label=label, times=times)


def _lines(page: str, group: str) -> LogPanel:
    return LogPanel(ids=(f"{page}.7", "Q8"), title="Recent lines", sql=q8(group), groups=(group,), width=24, height=8)
