"""The deployed folder: the locked dependencies, `capture_forwarder` and its configuration.

The same sources, lock, configuration and interpreter give the same bytes on any machine, in any folder.
"""

import shutil
import sys
from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec.structs import replace

from capture_forwarder.configuration.names import SETTINGS_NAME
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.stack import PythonRuntime
from infra.bundling.bytecode import compile_bytecode, interpreter
from infra.bundling.wheels import DEPENDENCIES, ROOT, AssetError, Target, install_wheels

MAX_BYTES = 60_000_000
# STS is for botocore's own credentials, from a profile or a web identity.
_SERVICES = {"dynamodb", "s3", "secretsmanager", "sqs", "ssm", "sts"}
_PACKAGE = ROOT / "lambda_src" / "capture_forwarder"
_LEFT_OUT = (
    # Files that differ from one installation to the next.
    *("bin", ".lock", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED"),
    *("*.dist-info/direct_url.json", "**/__pycache__"),
    # Files that no import reaches: `boto3.client` needs none of the data of `boto3.resource`.
    *("**/tests", "boto3/data", "boto3/examples", "botocore/data/*/*/examples-1.json*"),
)


def build_asset(folder: Path, config: Path, target: Target) -> None:
    """Fill the empty `folder` with everything that the function needs on `target`. Raises `AssetError`.

    `config` is a forwarder.toml; the function gets it checked, as JSON. Without an interpreter of the target's version
    the asset has no bytecode, and a warning goes to standard error.
    """
    install_wheels(DEPENDENCIES, folder, target)
    trim(folder, _SERVICES)
    copy_modules(_PACKAGE, folder / _PACKAGE.name)
    settings = read_settings(config)
    destinations = tuple(
        replace(one, ca_bundle=_packaged(index, one.ca_bundle, folder))
        for index, one in enumerate(settings.destination)
    )
    (folder / SETTINGS_NAME).write_bytes(msgspec.json.encode(replace(settings, destination=destinations)))
    if executable := interpreter(target.python):
        compile_bytecode(folder, executable)
    else:
        _warn_of_slow_starts(target.python)
    finish(folder)


def copy_modules(package: Path, folder: Path) -> None:
    """Copy the modules of `package` to `folder`, and no other file: editors and notebooks leave theirs beside them."""
    for module in package.rglob("*.py"):
        path = module.relative_to(package)
        if all(name.isidentifier() for name in path.with_suffix("").parts):  # it can be imported
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, folder / path)


def _packaged(index: int, ca_bundle: str | None, folder: Path) -> str | None:
    """Copy the certificates of a destination to `folder`; return their path there."""
    if not ca_bundle:
        return None
    name = f"ca-bundle-{index}.pem"
    shutil.copyfile(ca_bundle, folder / name)
    return name


def trim(folder: Path, services: Collection[str]) -> None:
    """Remove the files that no import reaches, and botocore's data of other services."""
    unused = [path for path in folder.glob("botocore/data/*/") if path.name not in services and path.is_dir()]
    for path in [*unused, *(path for pattern in _LEFT_OUT for path in folder.glob(pattern))]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)  # it may lie in a folder that is already deleted


def finish(folder: Path) -> None:
    """Make every file readable for Lambda. Raises `AssetError` if they are too large."""
    _make_readable(folder)
    _check_size(folder)


def _make_readable(folder: Path) -> None:
    """Let Lambda's user read every file, whatever this user's umask: a zip file keeps the modes."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _check_size(folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > MAX_BYTES:
        raise AssetError(
            f"the asset has {size:,} bytes, more than {MAX_BYTES:,}; "
            "see which dependency grew: `git log -p lambda_src/requirements.txt`"
        )


def _warn_of_slow_starts(python: str) -> None:
    present = [f'"{runtime}"' for runtime in PythonRuntime if interpreter(runtime.removeprefix("python"))]
    instead = f", or write [stack] runtime = {' or '.join(present)} in forwarder.toml" if present else ""
    sys.stderr.write(
        f"\n*** The function is bundled WITHOUT BYTECODE: this machine has no Python {python} to compile it. ***\n"
        "It works the same, but every cold start takes more than twice as long.\n"
        f"Install Python {python} (`uv python install {python}`, or any python{python} on the PATH){instead}.\n\n"
    )
