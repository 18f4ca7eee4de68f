"""The whole handler on one core: from an event to the posts; S3 and the API run on the other core.

Measures speed on one core, the cost of gzip, peak memory by object size, wall time with a slow API or a slow S3, and
whether CPU time is proportional to the size. The S3 stand-in repeats one file for objects larger than `--size-mb`.
"""

import gzip
from argparse import ArgumentParser, Namespace
from functools import partial
from itertools import permutations
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from benchmarks.data import MB, write_captures
from benchmarks.loopback import Loopback, key, loopback
from benchmarks.processes import cores, finish, median_ratio, start
from benchmarks.report import Benchmark, Figure

# The best streaming peer forwards 49,000 records per CPU second without parsing them, on a machine where the orjson
# transform makes bodies of 130,000 and orjson alone loads 854,000. The bar is 2.4 times the peer, scaled to here.
_PEER: Final = 2.4 * 49_000
_REFERENCES: Final = {"orjson": 130_000, "loads": 854_000}
_LABELS: Final = {"orjson": "the orjson transform", "loads": "orjson.loads of every line"}
_COMPRESSED: Final = "compressed requests"
_NO_SCHEMA: Final = "no schema"
_MAX_RSS_MB: Final = 100
_MAX_RSS_SPREAD_MB: Final = 5
_LARGE_TIMES: Final = (5, 86)  # repetitions of 58 MB: 291 MB and 5 GB
_LINEAR_TIMES: Final = 18  # repetitions of 58 MB: 1 GB
_MESSAGES: Final = 10  # messages in an invocation by default
_SMALL_PART: Final = 50  # the part of 58 MB: 1 MB
_SMOKE_TIMES: Final = 2
_WALL_BARS: Final = {4: 1.25, 8: 1.4}


class Files(Struct, frozen=True):
    """The files of captures behind the objects."""

    plain: Path
    compressed: Path
    small: Path

    @classmethod
    def written(cls, folder: Path, size_bytes: int) -> "Files":
        """Write the files."""
        files = cls(folder / "plain.jsonl", folder / "compressed.jsonl.gz", folder / "small.jsonl")
        write_captures(files.plain, "a", size_bytes)
        write_captures(files.small, "a", max(1, size_bytes // _SMALL_PART))
        files.compressed.write_bytes(gzip.compress(files.plain.read_bytes(), 6))
        return files

    @property
    def objects(self) -> dict[str, tuple[Path, int]]:
        """The objects by name; `x2` is the plain one, repeated twice."""
        repeated = {f"x{times}": (self.plain, times) for times in (*_LARGE_TIMES, _LINEAR_TIMES, _SMOKE_TIMES)}
        return {"plain": (self.plain, 1), "gzip": (self.compressed, 1), "small": (self.small, 1), **repeated}


def measure(options: Namespace) -> list[Figure]:
    """Return all figures."""
    with TemporaryDirectory() as folder:
        files = Files.written(Path(folder), int(options.size_mb * MB))
        with loopback(files.objects) as around:
            samples = _in_turns(around, files, options.reps)
            large = (_SMOKE_TIMES,) if options.smoke else _LARGE_TIMES
            repeated = {times: _invoke(around, f"x{times}") for times in large}
            linear = _linear(around, options)
        return (
            _speed(samples)
            + _memory(samples["plain"], repeated, options.size_mb)
            + linear
            + _waiting_for_api(files, options)
            + [_waiting_for_s3(files, options)]
        )


def _invoke(
    around: Loopback,
    name: str,
    *,
    objects: int = 1,
    objects_at_once: int = 1,
    max_in_flight: int = 8,
    compression: str = "none",
) -> dict[str, Any]:
    """Forward the object `name`, after a small one has opened the connections."""
    keys = [key(name, number) for number in range(objects)]
    events = [around.event(keys[at : at + objects_at_once]) for at in range(0, objects, objects_at_once)]
    warm_up = [around.event([key("small")])]
    return around.invoke(events, warm_up, max_in_flight=max_in_flight, compression=compression)


def _in_turns(around: Loopback, files: Files, reps: int) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {
        "plain": [],
        "gzip": [],
        _COMPRESSED: [],
        _NO_SCHEMA: [],
        **{name: [] for name in _REFERENCES},
    }
    for _ in range(reps):
        for name in ("plain", "gzip"):
            found[name].append(_invoke(around, name))
        found[_COMPRESSED].append(_invoke(around, "plain", compression="gzip"))
        found[_NO_SCHEMA].append(_invoke(replace(around, attributes=()), "plain"))
        for name in _REFERENCES:
            found[name].append(_sample(name, files.plain))
    return found


def _sample(pipeline: str, path: Path) -> dict[str, Any]:
    return finish(start("benchmarks.sample", pipeline, str(path), core=cores()[0]))


def _speed(samples: dict[str, list[dict[str, Any]]]) -> list[Figure]:
    plain = [sample["cpu_secs"] for sample in samples["plain"]]
    records = samples["plain"][0]["records"]
    figures = [Figure(what="records per CPU second", measured=records / median(plain), unit="1/s")]
    for name, at_peer in _REFERENCES.items():
        ratio, spread = median_ratio([sample["cpu_secs"] for sample in samples[name]], plain)
        figures.append(
            Figure(
                what=f"speed against {_LABELS[name]}", measured=ratio, at_least=round(_PEER / at_peer, 3), note=spread
            )
        )
    ratio, spread = median_ratio([sample["cpu_secs"] for sample in samples["gzip"]], plain)
    figures.append(Figure(what="CPU of a gzip object against plain", measured=ratio, at_most=1.2, note=spread))
    ratio, spread = median_ratio([sample["cpu_secs"] for sample in samples[_COMPRESSED]], plain)
    figures.append(Figure(what="CPU of gzip requests against plain", measured=ratio, at_most=1.35, note=spread))
    ratio, spread = median_ratio([sample["cpu_secs"] for sample in samples[_NO_SCHEMA]], plain)
    speed = records / median(sample["cpu_secs"] for sample in samples[_NO_SCHEMA])
    note = f"{spread}; {speed:,.0f} records per CPU second"
    return [*figures, Figure(what="CPU without a schema against with one", measured=ratio, note=note)]


def _memory(plain: list[dict[str, Any]], repeated: dict[int, dict[str, Any]], size_mb: float) -> list[Figure]:
    peaks = {size_mb: max(sample["peak_rss_mb"] for sample in plain)}
    peaks |= {size_mb * times: sample["peak_rss_mb"] for times, sample in repeated.items()}
    spread = max(peaks.values()) - min(peaks.values())
    return [
        *(
            Figure(what=f"peak RSS, object of {size:,.4g} MB", measured=peak, unit="MB", at_most=_MAX_RSS_MB)
            for size, peak in peaks.items()
        ),
        Figure(what="largest peak less smallest", measured=spread, unit="MB", at_most=_MAX_RSS_SPREAD_MB),
    ]


def _linear(around: Loopback, options: Namespace) -> list[Figure]:
    """Compare objects of all sizes, interleaved; small ones come ten per invocation, the default, or alone.

    As many bytes of each, so that what a process does once, such as opening connections, weighs the same. Half of the
    small and middle objects come before the large one and half after it, so that changes of the machine's speed weigh
    alike. The bar is close to the differences of one program with itself, so there are twice as many samples.
    """
    times = _SMOKE_TIMES if options.smoke else _LINEAR_TIMES
    halves = [
        partial(_invoke, around, "small", objects=_SMALL_PART * times // 2, objects_at_once=_MESSAGES),
        partial(_invoke, around, "plain", objects=times // 2),
    ]
    found = []
    for _ in range(1 if options.smoke else 2 * options.reps):
        small, middle = (half() for half in halves)
        large = _invoke(around, f"x{times}")
        middle_after, small_after = (half() for half in reversed(halves))
        alone = _invoke(around, "small", objects=_SMALL_PART)
        found.append(((small, small_after), (middle, middle_after), (large,), (alone,)))
    *each, alone_us = ([_us_an_inference(*some) for some in samples] for samples in zip(*found, strict=True))
    ratio, spread = max(median_ratio(one, other) for one, other in permutations(each, 2))
    values = ", ".join(f"{median(one):.2f}" for one in each)
    note = f"{spread}; {values} us an inference: small, middle, large objects; small ones alone {median(alone_us):.2f}"
    peak = max(one["peak_rss_mb"] for samples in found for one in samples[0])
    return [
        Figure(what=f"peak RSS, {_MESSAGES} small objects at a time", measured=peak, unit="MB", at_most=_MAX_RSS_MB),
        Figure(what="CPU per inference, most against least", measured=ratio, at_most=1.1, note=note),
    ]


def _us_an_inference(*samples: dict[str, Any]) -> float:
    secs, inferences = (sum(sample[name] for sample in samples) for name in ("cpu_secs", "inferences"))
    return float(secs / inferences * 1e6)


def _waiting_for_api(files: Files, options: Namespace) -> list[Figure]:
    """Compare the wall time with its lower limit: the transform, or the answers with several in flight.

    The object is large: one of 58 MB takes less than a second, in which single samples differ by half.
    """
    latency_secs = options.latency_ms / 1000
    times = _SMOKE_TIMES if options.smoke else _LARGE_TIMES[0]
    bars = dict([*_WALL_BARS.items()][:1]) if options.smoke else _WALL_BARS
    with loopback(files.objects, api_latency_secs=latency_secs) as around:
        samples = [
            ({k: _invoke(around, f"x{times}", max_in_flight=k) for k in bars}, _sample("ours", files.plain))
            for _ in range(options.reps)
        ]
    figures = []
    for in_flight, bar in bars.items():
        walls = [found[in_flight]["wall_secs"] for found, _ in samples]
        waits = samples[0][0][in_flight]["requests"] * latency_secs / in_flight
        least = [max(alone["wall_secs"] * times, waits) for _, alone in samples]
        ratio, spread = median_ratio(walls, least)
        note = f"{spread}; {median(walls):.2f} s where {median(least):.2f} s is the least"
        what = f"wall time, {options.latency_ms:g} ms an answer, {in_flight} in flight"
        figures.append(Figure(what=what, measured=ratio, at_most=bar, note=note))
    return figures


def _waiting_for_s3(files: Files, options: Namespace) -> Figure:
    """Compare the wall time of small objects with the wait for S3 at each of them."""
    latency_secs, count = options.s3_latency_ms / 1000, _SMALL_PART
    with loopback(files.objects) as near, loopback(files.objects, s3_latency_secs=latency_secs) as far:
        pairs = [
            [_invoke(around, "small", objects=count, objects_at_once=_MESSAGES)["wall_secs"] for around in (near, far)]
            for _ in range(options.reps)
        ]
    walls = [wall for _, wall in pairs]
    each = [wall + count * latency_secs for wall, _ in pairs]
    ratio, spread = median_ratio(walls, each)
    note = f"{spread}; {median(walls):.2f} s for {count} objects, {median(each):.2f} s one by one"
    return Figure(what=f"wall time, {options.s3_latency_ms:g} ms from S3", measured=ratio, note=note)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--latency-ms", type=float, default=50, help="latency of the API in the wall-time figures")
    parser.add_argument("--s3-latency-ms", type=float, default=30, help="latency of S3 in the figure of small objects")


BENCHMARK = Benchmark(name="end_to_end", about=__doc__ or "", measure=measure, size_mb=58, reps=5, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
