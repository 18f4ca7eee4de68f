"""Where the transform's time goes: pyinstrument on shapes a and c; a table of functions, and flame pages on request."""

import sys
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pyinstrument import Profiler
from pyinstrument.session import Session

from benchmarks.data import MB, write_captures
from benchmarks.ours import ours
from benchmarks.report import Benchmark, Figure

_INTERVAL_SECS: Final = 0.001
_SHOWN: Final = 12


def measure(options: Namespace) -> list[Figure]:
    """Return the functions in which most time was spent, callees that are not Python included."""
    figures = []
    for shape in options.shapes:
        with TemporaryDirectory() as folder:
            path = Path(folder, f"{shape}.jsonl")
            write_captures(path, shape, int(options.size_mb * MB))
            profiler = Profiler(interval=_INTERVAL_SECS)
            with profiler:
                for _ in ours(path):
                    pass
        if options.tree:
            sys.stdout.write(profiler.output_text(unicode=True, show_all=True))
        if options.output_dir:
            options.output_dir.mkdir(parents=True, exist_ok=True)
            page = options.output_dir / f"{shape}.html"
            page.write_text(profiler.output_html(), encoding="utf-8")
        if session := profiler.last_session:
            figures += _shares(shape, session)
    return figures


def _shares(shape: str, session: Session) -> list[Figure]:
    own: defaultdict[tuple[str, str], float] = defaultdict(float)
    for stack, secs in session.frame_records:
        function, file, *_ = stack[-1].split("\x01")[0].split("\x00")
        own[function, file] += secs
    total = sum(own.values())
    most = sorted(own.items(), key=lambda item: item[1], reverse=True)[:_SHOWN]
    return [
        Figure(what=f"{shape}: {'/'.join(Path(file).parts[-2:])} {function}", measured=secs / total * 100, unit="%")
        for (function, file), secs in most
    ]


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--shapes", default="ac", help="which shapes of captures")
    parser.add_argument("--tree", action="store_true", help="print the tree of calls too")
    parser.add_argument("--output-dir", type=Path, metavar="FOLDER", help="write an interactive page a shape there")


BENCHMARK = Benchmark(name="profile", about=__doc__ or "", measure=measure, size_mb=20, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
