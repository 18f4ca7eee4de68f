"""Locked packages into a folder: wheels alone, each checked against its hash, for any platform.

`python -m infra.bundling.wheels` fetches what bundling for the default runtime needs, so that no synth has to.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from capture_forwarder.configuration.stack import StackSettings
from infra.bundling.target import AssetError, Target

ROOT = Path(__file__).parents[2]
DEPENDENCIES = ROOT / "lambda_src" / "requirements.txt"


def install_wheels(lock: Path, folder: Path, target: Target) -> None:
    """Put exactly the packages of `lock` into `folder`, from uv's cache if it has them all. Raises `AssetError`."""
    command = [
        uv(),
        "pip",
        "install",
        "--quiet",
        "--color",
        "never",
        "--target",
        str(folder),
        "--python",
        sys.executable,
    ]
    command += ["--python-version", target.python, *(["--python-platform", target.platform] if target.platform else [])]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", str(lock)]
    command += ["--link-mode", "copy"]  # what is done to the folder's files must not be done to the cache's
    if _failure([*command, "--offline"]) and (said := _failure(command)):
        raise AssetError(
            f"{lock.name} cannot be installed for {target}:\n{said}\n"
            "Run `make setup` once where the package index can be reached; what it fetches is used from then on."
        )


def _failure(command: list[str]) -> str:
    """Run `command`; return what it said if it failed, else nothing. Standard output belongs to the CDK."""
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603 - made here
    return (ran.stdout.strip() or f"exit code {ran.returncode}") if ran.returncode else ""


def uv() -> str:
    """Return the path of uv: the locked one, or whichever is on the PATH. Raises `AssetError`."""
    own = ROOT / ".tools" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        raise AssetError("uv is not there; run `make setup`, which installs it in .tools")
    return found


def main() -> None:
    """Fetch what bundling for the default runtime needs into uv's cache."""
    with TemporaryDirectory() as folder:
        install_wheels(DEPENDENCIES, Path(folder), Target.of(StackSettings()))


if __name__ == "__main__":
    main()
