"""The benchmarks still run, at tiny sizes and without bars, and compare what they say they compare."""

import json
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from pathlib import Path

import pytest

from benchmarks.__main__ import ALL
from benchmarks.data import SHAPES, write_captures
from benchmarks.ours import plain
from benchmarks.report import Benchmark, Figure, table
from benchmarks.s3_stand_in import Repeated
from benchmarks.sample import PIPELINES
from benchmarks.transform import Captures, compare

TINY_BYTES = 100_000
# What counts of requests and calls must be, however slow the machine.
COUNTS = {
    "requests against the fewest, 250 inferences a request": 1,
    "S3 GetObject an object": 1,
    "DynamoDB writes an object": 1,
    "DynamoDB BatchGetItem an invocation": 1,
    "other calls to AWS": 0,
}


@pytest.mark.parametrize("benchmark", ALL, ids=lambda benchmark: benchmark.name)
def test_a_benchmark_runs_and_writes_down_what_it_measured(benchmark: Benchmark, tmp_path: Path) -> None:
    """Every figure has a name of its own and a number, and no bar is held against a tiny run."""
    benchmark.run(["--smoke", "--json", str(tmp_path / "figures.json")])
    document = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    figures = {figure["what"]: figure for figure in document["figures"]}
    assert len(figures) == len(document["figures"]) > 0
    assert all(isfinite(figure["measured"]) for figure in figures.values())
    assert all(figure["at_least"] is figure["at_most"] is None for figure in figures.values())
    if benchmark.name == "small_objects":
        assert {what: figures[what]["measured"] for what in COUNTS} == COUNTS


@pytest.mark.parametrize("shape", SHAPES)
def test_all_pipelines_make_the_same_inferences(shape: str, tmp_path: Path) -> None:
    """What is compared for speed does the same work."""
    path = tmp_path / "captures.jsonl"
    compare(Captures(path, write_captures(path, shape, TINY_BYTES)), {**PIPELINES, "plain": plain})


@pytest.mark.parametrize("times", [0, 2])
def test_a_pipeline_that_leaves_inferences_out_or_repeats_them_is_found_out(times: int, tmp_path: Path) -> None:
    """Being fast by doing less does not count."""
    path = tmp_path / "captures.jsonl"
    captures = Captures(path, write_captures(path, "a", TINY_BYTES))

    def wrong(path: Path) -> Iterator[bytes]:
        for body in PIPELINES["ours"](path):
            yield from islice([body] * times, times)

    with pytest.raises(ValueError, match="inference"):
        compare(captures, {**PIPELINES, "wrong": wrong})
    with pytest.raises(ValueError, match="inferences instead of"):
        compare(captures, {"wrong": wrong})


def test_the_same_seed_writes_the_same_captures(tmp_path: Path) -> None:
    """Runs on two machines read the same bytes."""
    for name in ("one", "two"):
        write_captures(tmp_path / name, "a", TINY_BYTES)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").stat().st_size >= TINY_BYTES


@pytest.mark.parametrize(("start", "end"), [(0, 30), (0, 10), (7, 23), (10, 20), (29, 30), (30, 30)])
def test_the_s3_stand_in_sends_any_range_of_a_repeated_block(start: int, end: int) -> None:
    """An object that lies nowhere has the bytes that it would have on a disk."""
    block = bytes(range(10))
    assert b"".join(Repeated(block, 3).pieces(start, end)) == (block * 3)[start:end]


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure(what="speed", measured=4.9, at_least=5), "missed"),
        (Figure(what="speed", measured=5.0, at_least=5), "met"),
        (Figure(what="memory", measured=100.1, at_most=100), "missed"),
        (Figure(what="calls", measured=0, at_most=0), "met"),
        (Figure(what="speed", measured=1), ""),
    ],
)
def test_a_figure_meets_its_bar_or_misses_it(figure: Figure, verdict: str) -> None:
    """A bar is the least or the most, itself included; without one there is no verdict."""
    assert figure.verdict == verdict
    assert table([figure]).splitlines()[2].split("|")[4].strip() == verdict
