"""Installs locked packages into a folder: wheels only, each checked against its hash, for any platform.

`python -m infra.bundling.wheels` fetches the wheels of the default runtime, so that later builds need no network.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from capture_forwarder.configuration.stack import Architecture, StackSettings

ROOT = Path(__file__).parents[2]
DEPENDENCIES = ROOT / "lambda_src" / "requirements.txt"
_PLATFORMS = {Architecture.ARM64: "aarch64-manylinux2014", Architecture.X86_64: "x86_64-manylinux2014"}


class AssetError(Exception):
    """The function's asset cannot be built; the message gives the reason and the remedy."""


class Target(Struct, frozen=True):
    """A minor version of Python (`3.13`) and a platform by its name in uv; `None` is this machine's platform."""

    python: str
    platform: str | None

    @classmethod
    def of(cls, stack: StackSettings) -> "Target":
        """Return the target that Lambda gives a stack of these settings."""
        return cls(stack.runtime.removeprefix("python"), _PLATFORMS[stack.architecture])

    @classmethod
    def here(cls) -> "Target":
        """Return this machine and the version of this interpreter."""
        return cls("{}.{}".format(*sys.version_info), None)

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform or 'this machine'}"


def install_wheels(lock: Path, folder: Path, target: Target) -> None:
    """Put exactly the packages of `lock` into `folder`, from uv's cache if it has them all. Raises `AssetError`."""
    platform = ["--python-platform", target.platform] if target.platform else []
    command = [
        *(uv(), "pip", "install", "--quiet", "--color", "never"),
        *("--target", str(folder), "--python", sys.executable, "--python-version", target.python, *platform),
        *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", str(lock)),
        *("--link-mode", "copy"),  # links would let changes in the folder reach uv's cache
    ]
    if _failure([*command, "--offline"]) and (failure := _failure(command)):
        raise AssetError(
            f"{lock.name} cannot be installed for {target}:\n{failure}\n"
            "Run `make setup` once where the package index can be reached; later builds use its cache."
        )


def _failure(command: list[str]) -> str:
    """Run `command`; return its output if it failed, else an empty text. Our own standard output belongs to the CDK."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603 - made here
    return (ran.stdout.strip() or f"exit code {ran.returncode}") if ran.returncode else ""


def uv() -> str:
    """Return the path of uv: the locked one, or else the one on the PATH. Raises `AssetError`."""
    locked = ROOT / ".tools" / "bin" / "uv"
    found = str(locked) if locked.exists() else shutil.which("uv")
    if found is None:
        raise AssetError("uv is not installed; run `make setup`, which installs it in .tools")
    return found


def main() -> None:
    """Fetch the wheels of the default runtime into uv's cache."""
    with TemporaryDirectory() as folder:
        install_wheels(DEPENDENCIES, Path(folder), Target.of(StackSettings()))


if __name__ == "__main__":
    main()
