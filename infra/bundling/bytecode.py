"""Bytecode beside the sources: without it a cold start takes more than twice as long; see docs/adr/0009-*.md.

Only the minor version of Python that made it can load it, so an interpreter of that version must be on this machine.
"""

import os
import subprocess
from pathlib import Path

from infra.bundling.wheels import ROOT, AssetError, uv

_TASK_ROOT = "/var/task"  # Lambda's folder of the function
_DESCRIBE = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.version_info.releaselevel)"


def interpreter(python: str) -> str | None:
    """Return the path of a released CPython of minor version `python` on this machine, or `None`; it is never fetched.

    uv looks in `.venv`, among its own installations and on the PATH, where pyenv's shims are.
    """
    found = _output([uv(), "python", "find", "--no-project", "--no-python-downloads", f"cpython@{python}"], python)
    if found and _output([found, "-I", "-S", "-c", _DESCRIBE], python) == f"cpython {python} final":
        return found
    return None


def _output(command: list[str], python: str) -> str:
    """Return the standard output of `command`; a shim of pyenv runs the version that PYENV_VERSION names."""
    environment = os.environ | {"PYENV_VERSION": python}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - made here
    return ran.stdout.strip()


def compile_bytecode(folder: Path, executable: str) -> None:
    """Put bytecode beside every module in `folder`, the same bytes at every run. Raises `AssetError`.

    Python loads it unchecked: a zip file rounds the times that Python would compare, and Lambda's copy is read-only
    (https://peps.python.org/pep-0552/).
    """
    command = [executable, "-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", _TASK_ROOT, str(folder)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603 - made here
    if ran.returncode:
        raise AssetError(f"{executable} cannot compile the asset:\n{ran.stdout}")
