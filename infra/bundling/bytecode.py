"""Bytecode beside the sources: without it a cold start takes more than twice as long; see docs/adr/0009-*.md.

Bytecode is made by the very minor version of Python that will load it, so one must be on this machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.bundling.target import AssetError
from infra.bundling.wheels import uv

_WHERE_LAMBDA_HAS_IT = "/var/task"
_WHO_ARE_YOU = (
    "import sys; final = sys.version_info.releaselevel == 'final'; "
    "print(sys.implementation.name, '%d.%d' % sys.version_info[:2], final, sys.executable, sep='\\n')"
)


def interpreter(python: str) -> str | None:
    """Return where this machine has a released CPython of minor version `python`; none is ever fetched."""
    return next((found for path in _candidates(python) if (found := _inspected(path, python))), None)


def _candidates(python: str) -> Iterator[str]:
    yield sys.executable
    yield f"python{python}"
    yield _said([uv(), "python", "find", "--no-project", "--no-python-downloads", python], python)


def _inspected(path: str, python: str) -> str | None:
    """Return the real path of the interpreter at `path` if it is the right one: a name on the PATH may be a shim."""
    match _said([path, "-I", "-S", "-c", _WHO_ARE_YOU], python).splitlines():
        case ["cpython", version, "True", executable] if version == python:
            return executable
    return None


def _said(command: list[str], python: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    chosen = os.environ | {"PYENV_VERSION": python}  # pyenv's shims run what was chosen, not what they are named after
    return subprocess.run(command, capture_output=True, text=True, check=False, env=chosen).stdout.strip()  # noqa: S603 - made here


def compile_bytecode(folder: Path, executable: str) -> None:
    """Put bytecode beside every module in `folder`, the same at every run and in every folder. Raises `AssetError`.

    Its validity hangs on nothing: a zip file rounds the times that Python would compare, and the platform's copy cannot
    be written anyhow (https://peps.python.org/pep-0552/).
    """
    command = [executable, "-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", _WHERE_LAMBDA_HAS_IT, str(folder)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603 - made here
    if ran.returncode:
        raise AssetError(f"{executable} cannot compile what is to be deployed:\n{ran.stdout}")
