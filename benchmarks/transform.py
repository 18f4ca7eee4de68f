"""CPU of the transform: the bytes of a capture object made into request bodies with checked types; no request is sent.

Every sample is a fresh process on one core. The pipelines alternate, and a figure is the median of the ratios of
neighbours. Before any measurement the whole output of all pipelines is compared, that of our plain path included.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
from msgspec import Struct

from benchmarks.data import MB, SHAPES, write_captures
from benchmarks.ours import plain
from benchmarks.processes import cores, finish, median_ratio, start
from benchmarks.report import Benchmark, Figure
from benchmarks.sample import PIPELINES, Pipeline

_BARS: Final = {
    "stdlib": dict.fromkeys(SHAPES, 4.5),
    # For c and d orjson makes the whole row, and there is little else to do.
    "orjson": {**dict.fromkeys("abef", 1.9), "c": 1.3, "d": 1.05},
}


class Captures(Struct, frozen=True):
    """A file of captures, and how many inferences it holds."""

    path: Path
    inferences: int


def measure(options: Namespace) -> list[Figure]:
    """Return the figures of every shape that was asked for."""
    figures: list[Figure] = []
    for shape in options.shapes[:1] if options.smoke else options.shapes:
        with TemporaryDirectory() as folder:
            path = Path(folder, f"{shape}.jsonl")
            captures = Captures(path, write_captures(path, shape, int(options.size_mb * MB)))
            compare(captures, {**PIPELINES, "plain": plain})
            figures += _figures(shape, captures, sampled(path, options.reps))
    return figures


def compare(captures: Captures, pipelines: Mapping[str, Pipeline]) -> None:
    """Check that all pipelines make the same of a whole file. Raises `ValueError` where they first differ."""
    outputs = [_inferences(pipeline(captures.path)) for pipeline in pipelines.values()]
    count = 0
    for count, made in enumerate(zip_longest(*outputs), start=1):
        if len(set(made)) > 1:
            outputs_text = "\n".join(f"{name}: {one!r}" for name, one in zip(pipelines, made, strict=True))
            raise ValueError(f"{captures.path.name}, inference {count}:\n{outputs_text}")
    if count != captures.inferences:
        raise ValueError(f"{captures.path.name}: {count} inferences instead of {captures.inferences}")


def _inferences(bodies: Iterator[bytes]) -> Iterator[bytes]:
    """Yield every inference as text with sorted keys; 1, 1.0 and true differ."""
    for body in bodies:
        for inference in orjson.loads(body):
            yield orjson.dumps(inference, option=orjson.OPT_SORT_KEYS)


def sampled(path: Path, reps: int) -> dict[str, list[dict[str, Any]]]:
    """Return `reps` samples of every pipeline, taken in turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in PIPELINES}
    for _ in range(reps):
        for name, samples in found.items():
            samples.append(finish(start("benchmarks.sample", name, str(path), core=cores()[0])))
    return found


def _figures(shape: str, captures: Captures, samples: dict[str, list[dict[str, Any]]]) -> list[Figure]:
    size_mb = captures.path.stat().st_size / MB
    took = {name: [sample["cpu_secs"] for sample in found] for name, found in samples.items()}
    figures = []
    for name, bars in _BARS.items():
        ratio, spread = median_ratio(took[name], took["ours"])
        figures.append(Figure(what=f"{shape}: speed against {name}", measured=ratio, at_least=bars[shape], note=spread))
    for name, secs in took.items():
        speed = median(secs)
        note = f"{captures.inferences / speed:,.0f} inferences/s, peak RSS {_peak(samples[name]):.0f} MB"
        figures.append(Figure(what=f"{shape}: {name}", measured=size_mb / speed, unit="MB/s", note=note))
    return figures


def _peak(samples: list[dict[str, Any]]) -> float:
    peaks: list[float] = [sample["peak_rss_mb"] for sample in samples]
    return max(peaks)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--shapes", default=SHAPES, help=f"which of {SHAPES}")


BENCHMARK = Benchmark(name="transform", about=__doc__ or "", measure=measure, size_mb=48, reps=7, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
