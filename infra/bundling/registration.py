"""The deployed folder of the function that records lineage: `integrations.lineage`, and all that it imports."""

import shutil
from pathlib import Path

from infra.bundling.asset import copy_modules, finish, trim
from infra.bundling.wheels import ROOT, Target, install_wheels

DEPENDENCIES = ROOT / "requirements" / "registration.lock"
# STS is for botocore's own credentials, from a profile or a web identity.
_SERVICES = {"sagemaker", "sts"}
_INTEGRATIONS = ROOT / "integrations"
_PACKAGE = ROOT / "lambda_src" / "capture_forwarder"
_IMPORTED = ("configuration", "destinations", "domain")


def build_registration_asset(folder: Path, target: Target) -> None:
    """Fill the empty `folder` with everything that the function needs on `target`. Raises `AssetError`.

    It has no bytecode: it runs once a deployment.
    """
    install_wheels(DEPENDENCIES, folder, target)
    trim(folder, _SERVICES)
    _copy(_INTEGRATIONS, folder, ("lineage",))
    _copy(_PACKAGE, folder, _IMPORTED)
    finish(folder)


def _copy(package: Path, folder: Path, parts: tuple[str, ...]) -> None:
    """Copy some of the folders of a package, and its first module."""
    (folder / package.name).mkdir()
    shutil.copyfile(package / "__init__.py", folder / package.name / "__init__.py")
    for part in parts:
        copy_modules(package / part, folder / package.name / part)
