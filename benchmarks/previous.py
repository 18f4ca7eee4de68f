"""CPU beside an earlier commit: by default the one before HEAD, else that of `--against`.

The commit is checked out into a temporary folder by `git worktree`. Its transform, with a schema and without, and its
whole handler without a schema run there with the same interpreter and the same packages, in alternating pairs with
those of this folder. Above 1, this folder is faster. A commit that has no transform without a schema can be compared
by the handler alone: `--programs handler`.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec.structs import replace

from benchmarks.data import MB, SHAPES, write_captures
from benchmarks.loopback import Loopback, key, loopback
from benchmarks.processes import ROOT, commit_of, cores, finish, git, median_ratio, start
from benchmarks.report import Benchmark, Figure

_AT_LEAST: Final = 0.9  # what a busy machine hides
_PROGRAMS: Final = {
    "schema": "transform, schema",
    "no-schema": "transform, no schema",
    "handler": "handler, no schema",
}
_NO_HISTORY: Final = "No earlier commit is here to compare with: a clone with its git history is needed.\n"
Run = Callable[[Path], dict[str, Any]]


def measure(options: Namespace) -> list[Figure]:
    """Return the figures of every shape; none without git or without an earlier commit."""
    commit = commit_of(options.against or "HEAD~1")
    if commit is None:
        if options.against:
            raise RuntimeError(f"{options.against} is no commit of this clone, or git is missing")
        sys.stdout.write(_NO_HISTORY)
        return []
    with _checked_out(commit) as tree:
        shapes = options.shapes[:1] if options.smoke else options.shapes
        return [figure for shape in shapes for figure in _figures(shape, tree, options, commit)]


def _figures(shape: str, tree: Path, options: Namespace, commit: str) -> Iterator[Figure]:
    """Yield the figures of one shape of captures."""
    with TemporaryDirectory() as folder:
        path, small = Path(folder, "captures"), Path(folder, "small")
        write_captures(path, shape, int(options.size_mb * MB))
        write_captures(small, shape, 1)
        with loopback({"object": (path, 1), "small": (small, 1)}) as around:
            programs = _programs(path, replace(around, attributes=()))
            for name in options.programs:
                ratio, spread = _ratio(tree, programs[name], options.reps)
                note = f"{spread}, {commit[:8]}"
                yield Figure(what=f"{shape}, {_PROGRAMS[name]}", measured=ratio, at_least=options.bar, note=note)


def _programs(path: Path, around: Loopback) -> dict[str, Run]:
    """Return the programs that are compared, by name; each takes the tree that it runs in."""

    def transform(pipeline: str, root: Path) -> dict[str, Any]:
        return finish(start("benchmarks.sample", pipeline, str(path), core=cores()[0], root=root))

    def handler(root: Path) -> dict[str, Any]:
        return around.invoke([around.event([key("object")])], [around.event([key("small")])], root=root)

    return {
        "schema": partial(transform, "ours"),
        "no-schema": partial(transform, "without_schema"),
        "handler": handler,
    }


def _ratio(tree: Path, run: Run, reps: int) -> tuple[float, str]:
    """Return how much faster a program is in this folder than in `tree`."""
    took: dict[Path, list[float]] = {tree: [], ROOT: []}
    for rep in range(reps):
        for root in (tree, ROOT) if rep % 2 else (ROOT, tree):
            took[root].append(run(root)["cpu_secs"])
    return median_ratio(took[tree], took[ROOT])


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    """Yield a temporary folder with the files of `commit`. Raises `RuntimeError` if git cannot make it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        if (made := git("worktree", "add", "--detach", str(tree), commit)).returncode:
            raise RuntimeError(f"git cannot check out {commit}: {made.stderr.strip()}")
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--against", metavar="REV", help="the earlier commit; HEAD~1 by default")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), help="shapes of the captures")
    parser.add_argument("--programs", nargs="+", choices=_PROGRAMS, default=list(_PROGRAMS), help="what is compared")
    parser.add_argument("--bar", type=float, default=_AT_LEAST, metavar="TIMES", help="how much faster this has to be")


BENCHMARK = Benchmark(name="previous", about=__doc__ or "", measure=measure, size_mb=12, reps=5, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
