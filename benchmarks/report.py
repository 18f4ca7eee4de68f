"""The report of a benchmark: one line for each figure with the bar that it must meet, and the command."""

import json
import platform
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from msgspec import Struct, to_builtins

from benchmarks.processes import commit_of
from benchmarks.recorded import Recorded, path_of, recorded

_SMOKE_MB: Final = 0.1
_RECORD: Final = "--record"


class Figure(Struct, frozen=True, kw_only=True):
    """One measured figure and perhaps its lower or upper limit; a count keeps its limit in smoke runs."""

    what: str
    measured: float
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    is_count: bool = False

    @property
    def bar(self) -> str:
        """The limit as text."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return f"<= {self.at_most:g}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing without a limit."""
        if not self.bar:
            return ""
        met = self.measured >= (self.at_least or 0) and self.measured <= (self.at_most or float("inf"))
        return "met" if met else "missed"


class Benchmark(Struct, frozen=True, kw_only=True):
    """One benchmark: name, description, default size and repetitions, and the function that measures its figures."""

    name: str
    about: str
    measure: Callable[[Namespace], list[Figure]]
    size_mb: float | None = None
    reps: int | None = None
    options: Callable[[ArgumentParser], None] = lambda _: None

    def run(self, arguments: Sequence[str] | None = None) -> list[Figure]:
        """Measure as the command line says, print the table, and return the figures.

        A smoke run raises `ValueError` if a count misses its limit.
        """
        given = sys.argv[1:] if arguments is None else list(arguments)
        options = self._parser().parse_args(given)
        if options.smoke and options.record:
            raise SystemExit("--record keeps the figures of the default form: leave out --smoke, or --record")
        if options.smoke:
            options.size_mb, options.reps = _SMOKE_MB, 1
        started = perf_counter()
        figures = [_without_bar(figure) if options.smoke else figure for figure in self.measure(options)]
        before = Recorded() if options.smoke else recorded(path_of(self.name))
        command = " ".join(["python -m", f"benchmarks.{self.name}", *(one for one in given if one != _RECORD)])
        sys.stdout.write(f"\n{self.about.splitlines()[0]}\n\n{table(figures, before.figures)}\n{_conditions()}\n")
        sys.stdout.write(f"{before}\n" if before.figures else "")
        sys.stdout.write(f"{command}  ({perf_counter() - started:.0f} s)\n")
        for path in (options.json, path_of(self.name) if options.record else None):
            if path:
                _write(path, command, figures)
        if missed := [figure.what for figure in figures if options.smoke and figure.verdict == "missed"]:
            raise ValueError(f"{self.name} missed {missed}")
        return figures

    def _parser(self) -> ArgumentParser:
        parser = ArgumentParser(prog=f"python -m benchmarks.{self.name}", description=self.about)
        parser.add_argument("--smoke", action="store_true", help="tiny sizes, once, limits for counts only")
        parser.add_argument(_RECORD, action="store_true", help="keep the figures, so that later runs show them, too")
        parser.add_argument("--json", type=Path, metavar="PATH", help="also write the figures to this file")
        if self.size_mb:
            parser.add_argument("--size-mb", type=float, default=self.size_mb, help="size of a capture object")
        if self.reps:
            parser.add_argument("--reps", type=int, default=self.reps, help="samples of each, interleaved")
        self.options(parser)
        return parser


def _without_bar(figure: Figure) -> Figure:
    """Return a figure of a smoke run: only counts keep their limit."""
    return (
        figure
        if figure.is_count
        else Figure(what=figure.what, measured=figure.measured, unit=figure.unit, note=figure.note)
    )


def _write(path: Path, command: str, figures: list[Figure]) -> None:
    document = {
        "command": command,
        "commit": commit_of("HEAD") or "an unknown commit",
        "conditions": _conditions(),
        "figures": to_builtins(figures),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def table(figures: list[Figure], before: Mapping[str, float] | None = None) -> str:
    """Return the figures as a Markdown table, its columns aligned for a terminal, with earlier figures if given."""
    rows: list[tuple[str, ...]] = [("what", "measured", "before", "bar", "", "note")]
    rows += [
        (
            each.what,
            f"{_number(each.measured)} {each.unit}",
            _number(before[each.what]) if before and each.what in before else "",
            each.bar,
            each.verdict,
            each.note,
        )
        for each in figures
    ]
    if not before:
        rows = [(row[0], row[1], *row[3:]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.{_places(value)}f}"


def _places(value: float) -> int:
    """Return the number of decimals for about three digits."""
    if value == int(value) and value < 1e15:  # noqa: PLR2004 - whole numbers need none
        return 0
    return next((places for places, bound in ((5, 0.001), (4, 0.1), (2, 10), (1, 100)) if abs(value) < bound), 0)


def _conditions() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, {platform.system()}"
