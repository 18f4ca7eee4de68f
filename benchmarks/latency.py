"""Peak memory of the handler by shape of rows and latency of the API, on a route without a schema.

Shapes a, b and f are those of `data`; `wide` is JSON with 1,000 features, `text` a prompt and an answer of a language
model, 6.5 kB together. A file is repeated until it is an object of `--size-mb`. Eight requests are in flight.
"""

import json
import random
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec.structs import replace

from benchmarks.data import MB, Side, record, write_captures
from benchmarks.loopback import key, loopback
from benchmarks.report import Benchmark, Figure

_MAX_RSS_MB: Final = 128
_FILE_MB: Final = 12
_SEED: Final = 29
_WORDS: Final = ["alpha", "beta", "gamma", "delta", "model", "answer", "the", "of", "and", '"quoted"', "line\n", "é"]


def _json(document: Any) -> Side:
    data = json.dumps(document, separators=(",", ":"))
    return {"observedContentType": "application/json", "data": data, "encoding": "JSON"}


def _words(chance: Random, count: int) -> str:
    return " ".join(chance.choices(_WORDS, k=count))


def _wide(chance: Random) -> tuple[Side, Side]:
    features = [chance.gauss(0, 9) for _ in range(1000)]
    return _json({"instances": [features]}), _json({"predictions": [[chance.random()]]})


def _text(chance: Random) -> tuple[Side, Side]:
    parameters = {"max_new_tokens": 256, "temperature": 0.7, "do_sample": True}
    request = {"inputs": _words(chance, 700), "parameters": parameters}
    return _json(request), _json([{"generated_text": _words(chance, 450)}])


_FAT: Final[dict[str, Callable[[Random], tuple[Side, Side]]]] = {"wide": _wide, "text": _text}
_SHAPES: Final = ("a", "b", "f", *_FAT)


def measure(options: Namespace) -> list[Figure]:
    """Return the peak of every shape and latency that was asked for."""
    size_bytes = int(options.size_mb * MB)
    figures = []
    for shape in options.shapes[:1] if options.smoke else options.shapes:
        with TemporaryDirectory() as folder:
            path, small = Path(folder, "captures"), Path(folder, "small")
            _write(path, shape, min(size_bytes, _FILE_MB * MB))
            _write(small, "a", 1)
            objects = {"object": (path, max(1, round(size_bytes / path.stat().st_size))), "small": (small, 1)}
            figures += [_figure(shape, objects, one, options.reps) for one in options.latencies_ms]
    return figures


def _write(path: Path, shape: str, size_bytes: int) -> None:
    if shape not in _FAT:
        write_captures(path, shape, size_bytes)
        return
    chance = random.Random(_SEED)  # noqa: S311 - chance that repeats itself
    with path.open("wb") as file:
        while file.tell() < size_bytes:
            file.write(record(chance, *_FAT[shape](chance)))


def _figure(shape: str, objects: dict[str, tuple[Path, int]], latency_ms: float, reps: int) -> Figure:
    with loopback(objects, api_latency_secs=latency_ms / 1000) as around:
        route = replace(around, attributes=())
        events = [[route.event([key(name)])] for name in ("object", "small")]
        samples = [route.invoke(*events) for _ in range(reps)]
    note = ", ".join(f"{sample['peak_rss_mb']:.0f}" for sample in samples)
    note += f" MB; {samples[0]['inferences']:,} inferences in {samples[0]['requests']:,} requests"
    what, peak = f"peak RSS, {shape}, {latency_ms:g} ms", max(sample["peak_rss_mb"] for sample in samples)
    return Figure(what=what, measured=peak, unit="MB", at_most=_MAX_RSS_MB, note=note)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--shapes", nargs="+", choices=_SHAPES, default=list(_SHAPES), help="shapes of rows")
    parser.add_argument("--latencies-ms", type=float, nargs="+", default=[0, 50, 200], help="latencies of the API")


BENCHMARK = Benchmark(name="latency", about=__doc__ or "", measure=measure, size_mb=58, reps=2, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
