"""CPU of the transform beside an earlier commit: by default the one before HEAD, else that of `--against`.

The commit is checked out into a temporary folder by `git worktree`. Its transform runs there with the same interpreter
and the same packages, in alternating pairs with the transform of this folder. Above 1, this folder is faster.
"""

import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.data import MB, SHAPES, write_captures
from benchmarks.processes import ROOT, cores, finish, median_ratio, start
from benchmarks.report import Benchmark, Figure

_PIPELINES: Final = {"schema": "ours", "no schema": "without_schema"}
_AT_LEAST: Final = 0.9  # what a busy machine hides
_NO_HISTORY: Final = "No earlier commit is here to compare with: a clone with its git history is needed.\n"


def measure(options: Namespace) -> list[Figure]:
    """Return a figure for each shape, with a schema and without; none without git or without an earlier commit."""
    commit = _commit(options.against or "HEAD~1")
    if commit is None:
        if options.against:
            raise RuntimeError(f"{options.against} is no commit of this clone, or git is missing")
        sys.stdout.write(_NO_HISTORY)
        return []
    figures = []
    with _checked_out(commit) as tree, TemporaryDirectory() as folder:
        for shape in SHAPES[:1] if options.smoke else SHAPES:
            path = Path(folder, f"{shape}.jsonl")
            write_captures(path, shape, int(options.size_mb * MB))
            for kind, pipeline in _PIPELINES.items():
                ratio, spread = _ratio(tree, pipeline, path, options.reps)
                what = f"{shape}, {kind}: speed against {commit[:8]}"
                figures.append(Figure(what=what, measured=ratio, at_least=_AT_LEAST, note=spread))
    return figures


def _ratio(tree: Path, pipeline: str, path: Path, reps: int) -> tuple[float, str]:
    """Return how much faster `pipeline` is in this folder than in `tree`."""
    took: dict[Path, list[float]] = {tree: [], ROOT: []}
    for rep in range(reps):
        for root in (tree, ROOT) if rep % 2 else (ROOT, tree):
            sample = finish(start("benchmarks.sample", pipeline, str(path), core=cores()[0], root=root))
            took[root].append(sample["cpu_secs"])
    return median_ratio(took[tree], took[ROOT])


def _commit(revision: str) -> str | None:
    """Return the full name of a commit; `None` if it is not here."""
    found = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") if shutil.which("git") else None
    return found.stdout.strip() if found and found.returncode == 0 else None


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    """Yield a temporary folder with the files of `commit`. Raises `RuntimeError` if git cannot make it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        if (made := _git("worktree", "add", "--detach", str(tree), commit)).returncode:
            raise RuntimeError(f"git cannot check out {commit}: {made.stderr.strip()}")
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our own arguments


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--against", metavar="REV", help="the earlier commit; HEAD~1 by default")


BENCHMARK = Benchmark(name="previous", about=__doc__ or "", measure=measure, size_mb=12, reps=5, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
