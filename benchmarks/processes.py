"""Fresh processes: each sample starts cold, alone on its core, and ends with a line of JSON."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent


def cores() -> tuple[int, int]:
    """Return the core of the measured process and the core of all others; the same core if there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0]


def start(
    module: str,
    *arguments: str,
    core: int,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
    root: Path = ROOT,
) -> "subprocess.Popen[str]":
    """Start `python -m module` of the tree `root` on `core`, in the environment of this process and `env`."""
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [python, "-m", module, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'lambda_src'}", **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.sched_setaffinity(process.pid, {core})
    return process


def finish(process: "subprocess.Popen[str]", given: Any = None) -> dict[str, Any]:
    """Send `given` to a process as JSON, wait for its end, and return the JSON of its last line.

    Raises `RuntimeError` if it failed; its standard error is on the terminal.
    """
    output, _ = process.communicate(json.dumps(given))
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, process.args))} ended with {process.returncode}")  # type: ignore[arg-type]  # a list here
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run a server on the other core and yield its URL. The server ends when its stdin closes."""
    process = start(module, *arguments, core=cores()[1])
    with process:
        assert process.stdin  # noqa: S101 - for the type checker: it is a pipe
        assert process.stdout  # noqa: S101 - as above
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run git on this folder."""
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our own arguments


def commit_of(revision: str) -> str | None:
    """Return the full name of a commit; `None` if it is not here, or git is missing."""
    found = git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") if shutil.which("git") else None
    return found.stdout.strip() if found and found.returncode == 0 else None


def peak_rss_mb() -> float:
    """Return the peak memory of this process: the kernel's VmHWM."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kib) * 1024 / 1e6


def median_ratio(over: list[float], under: list[float]) -> tuple[float, str]:
    """Return the median of the ratios of samples taken side by side, and their range."""
    ratios = sorted(one / other for one, other in zip(over, under, strict=True))
    return median(ratios), f"{ratios[0]:.2f} to {ratios[-1]:.2f}, n={len(ratios)}"
