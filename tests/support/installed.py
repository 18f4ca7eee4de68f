"""An environment with the built wheel and the packages that it declares, taken from the environment of the tests.

Nothing is downloaded. A package that the wheel does not declare cannot be imported.
"""

import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

UV = Path(".tools/bin/uv")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout in `folder`, and return its path."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path, extras: str = "") -> Path:
    """Install `wheel` with `extras`, such as `[cli]`, in a new environment; return the folder of its programs."""
    _run(str(UV), "venv", "-q", "--offline", "--python", sys.executable, str(folder))
    _run(str(UV), "pip", "install", "-q", "--offline", "--no-deps", "--python", str(folder / "bin/python"), str(wheel))
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in sorted(declared(Requirement(f"capture-forwarder{extras}"))):
        _link(distribution(name), packages)
    return folder / "bin"


def declared(requirement: Requirement, found: frozenset[Requirement] = frozenset()) -> set[str]:
    """Return the names of all packages that `requirement` asks for, directly or not, without its own."""
    names: set[str] = set()
    for text in distribution(requirement.name).requires or ():
        needed = Requirement(text)
        if needed in found or not _applies(needed, requirement.extras):
            continue
        found |= {needed}
        names |= {needed.name} | declared(needed, found)
    return names - {"capture-forwarder"}


def _applies(needed: Requirement, extras: set[str]) -> bool:
    return needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _link(package: Distribution, folder: Path) -> None:
    """Link the modules and the metadata of `package` into `folder`."""
    for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(package.locate_file(top))))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)  # noqa: S603 - programs of this project
