"""The benchmarks: one runs at a tiny size, and the compared pipelines do the same work."""

import json
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from pathlib import Path

import pytest

from benchmarks import previous, transform
from benchmarks.data import SHAPES, write_captures
from benchmarks.ours import plain
from benchmarks.recorded import recorded
from benchmarks.report import Benchmark, Figure, table
from benchmarks.s3_stand_in import Repeated
from benchmarks.sample import PIPELINES
from benchmarks.transform import Captures, compare

TINY_BYTES = 100_000


def test_a_benchmark_runs_and_writes_its_figures(tmp_path: Path) -> None:
    """Every figure has its own name and a number; `make bench SMOKE=1` runs the other benchmarks like this."""
    transform.BENCHMARK.run(["--smoke", "--json", str(tmp_path / "figures.json")])
    document = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    figures = {figure["what"]: figure for figure in document["figures"]}
    assert len(figures) == len(document["figures"]) > 0
    assert all(isfinite(figure["measured"]) for figure in figures.values())
    assert all(figure["at_least"] is figure["at_most"] is None for figure in figures.values())


def test_a_smoke_run_fails_if_a_count_misses_its_limit() -> None:
    """Numbers of requests and calls must be right however slow the machine is; times have no limit."""
    slow = Figure(what="time", measured=9, at_most=1)
    many = Figure(what="calls", measured=2, at_most=1, is_count=True)
    Benchmark(name="times", about="Times.", measure=lambda _: [slow]).run(["--smoke"])
    with pytest.raises(ValueError, match="calls"):
        Benchmark(name="counts", about="Counts.", measure=lambda _: [slow, many]).run(["--smoke"])


def test_a_smoke_run_does_not_replace_recorded_figures() -> None:
    """Its figures are of tiny sizes."""
    with pytest.raises(SystemExit, match="leave out --smoke"):
        Benchmark(name="times", about="Times.", measure=lambda _: []).run(["--smoke", "--record"])


def test_a_revision_that_is_not_in_the_clone_is_an_error() -> None:
    """A comparison that was asked for must not be left out."""
    with pytest.raises(RuntimeError, match="no-such-revision"):
        previous.BENCHMARK.run(["--smoke", "--against", "no-such-revision"])


@pytest.mark.parametrize("shape", SHAPES)
def test_all_pipelines_make_the_same_inferences(shape: str, tmp_path: Path) -> None:
    """Their speeds can be compared."""
    path = tmp_path / "captures.jsonl"
    compare(Captures(path, write_captures(path, shape, TINY_BYTES)), {**PIPELINES, "plain": plain})


@pytest.mark.parametrize("times", [0, 2])
def test_a_pipeline_that_omits_or_repeats_inferences_is_an_error(times: int, tmp_path: Path) -> None:
    """A pipeline must not be fast because it does less."""
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
    """Two machines read the same bytes."""
    for name in ("one", "two"):
        write_captures(tmp_path / name, "a", TINY_BYTES)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").stat().st_size >= TINY_BYTES


@pytest.mark.parametrize(("start", "end"), [(0, 30), (0, 10), (7, 23), (10, 20), (29, 30), (30, 30)])
def test_the_s3_stand_in_sends_any_range_of_a_repeated_block(start: int, end: int) -> None:
    """The generated object has the bytes of a file with the repeated block."""
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
def test_a_figure_meets_or_misses_its_limit(figure: Figure, verdict: str) -> None:
    """The limit itself is met; a figure without a limit has no verdict."""
    assert figure.verdict == verdict
    assert table([figure]).splitlines()[2].split("|")[4].strip() == verdict


def test_a_table_shows_recorded_figures_of_the_same_name(tmp_path: Path) -> None:
    """A figure that is new has none."""
    path = tmp_path / "folder" / "speeds.json"
    assert recorded(path).figures == {}
    figure = Figure(what="speed", measured=4.5, at_least=5)
    Benchmark(name="speeds", about="Speeds.", measure=lambda _: [figure]).run(["--json", str(path)])
    before = recorded(path)
    assert before.figures == {"speed": 4.5}
    assert str(before).startswith("before: python -m benchmarks.speeds --json")
    head, _, *rows = table([Figure(what="speed", measured=5), Figure(what="new", measured=1)], before.figures).split(
        "\n"
    )
    assert [line.split("|")[3].strip() for line in (head, *rows)] == ["before", "4.50", ""]
