"""The whole handler by kind of destination: CPU for an inference against `arthur`, and memory for captured lines.

Each kind forwards the same object; the samples are interleaved. The large object is one file that S3 repeats.
"""

from argparse import Namespace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec.structs import replace

from benchmarks.data import MB, write_captures
from benchmarks.loopback import KINDS, Loopback, key, loopback
from benchmarks.processes import median_ratio
from benchmarks.report import Benchmark, Figure

_BASE: Final = "arthur"
# Against `arthur`. Each captured line is a span by itself, and its envelope is decoded twice.
_BARS: Final = {"webhook": 1.3, "arthur-raw": 3.0}
_LARGE_BYTES: Final = 300 * MB
_MAX_RSS_MB: Final = 100
_SMOKE_TIMES: Final = 2


def measure(options: Namespace) -> list[Figure]:
    """Return all figures."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plain.jsonl"
        write_captures(path, "a", int(options.size_mb * MB))
        times = _SMOKE_TIMES if options.smoke else max(1, round(_LARGE_BYTES / path.stat().st_size))
        with loopback({"plain": (path, 1), "large": (path, times)}) as around:
            found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
            for _ in range(options.reps):
                for kind in KINDS:
                    found[kind].append(_invoke(around, kind, "plain"))
            large = _invoke(around, "arthur-raw", "large")
    return [*(_against(kind, found) for kind in KINDS if kind != _BASE), *_memory(found, large, options, times)]


def _invoke(around: Loopback, kind: str, name: str) -> dict[str, Any]:
    events = [around.event([key(name, number)]) for number in range(2)]
    return replace(around, kind=kind).invoke(events[1:], events[:1] if name == "plain" else [])


def _against(kind: str, found: dict[str, list[dict[str, Any]]]) -> Figure:
    each, base = (
        [sample["cpu_secs"] / sample["inferences"] for sample in samples] for samples in (found[kind], found[_BASE])
    )
    ratio, spread = median_ratio(each, base)
    note = f"{spread}; {median(each) * 1e6:.2f} us an inference, {median(base) * 1e6:.2f} us by {_BASE}"
    return Figure(what=f"CPU, {kind} against {_BASE}", measured=ratio, at_most=_BARS.get(kind), note=note)


def _memory(
    found: dict[str, list[dict[str, Any]]], large: dict[str, Any], options: Namespace, times: int
) -> list[Figure]:
    figures = [
        Figure(what=f"peak RSS, {kind}", measured=max(one["peak_rss_mb"] for one in samples), unit="MB")
        for kind, samples in found.items()
    ]
    what = f"peak RSS, arthur-raw, object of {options.size_mb * times:,.4g} MB"
    return [*figures, Figure(what=what, measured=large["peak_rss_mb"], unit="MB", at_most=_MAX_RSS_MB)]


BENCHMARK = Benchmark(name="destinations", about=__doc__ or "", measure=measure, size_mb=12, reps=5)

if __name__ == "__main__":
    BENCHMARK.run()
