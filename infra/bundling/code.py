"""The function's code as a CDK asset: bundled on this machine, without Docker, when a command needs it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from capture_forwarder.configuration.settings import Settings
from infra.bundling.asset import build_asset
from infra.bundling.registration import build_registration_asset
from infra.bundling.wheels import ROOT, AssetError, Target

# Its one value, "local", bundles for this machine: emulators of AWS run functions with the Python of this machine.
PLATFORM_VARIABLE = "CAPTURE_FORWARDER_ASSET_PLATFORM"


def function_code(settings: Settings, config: Path) -> lambda_.Code:
    """Return the function's code with the configuration in `config`; `settings` were read from it.

    Synthesis bundles it; `cdk list` does not. The asset is named by its content, so the same inputs cause no new
    deployment. Raises `AssetError` for an unknown platform. If bundling fails, the process ends with
    the reason.
    """
    target = chosen_target(settings)
    return _bundled(ROOT / "lambda_src", lambda folder: build_asset(folder, config, target))


def registration_code(settings: Settings) -> lambda_.Code | None:
    """Return the code that records lineage at deployment, in the same way; `None` if no lineage is recorded."""
    if not settings.lineage.register:
        return None
    target = chosen_target(settings)
    return _bundled(ROOT / "integrations", lambda folder: build_registration_asset(folder, target))


def _bundled(source: Path, build: Callable[[Path], None]) -> lambda_.Code:
    """Return the asset that `build` makes. The CDK takes two assets for the same one if they have the same `source`."""
    return lambda_.Code.from_asset(
        str(source),
        asset_hash_type=cdk.AssetHashType.OUTPUT,
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("none-is-used"),
            local=LocalBundling(build),
        ),
    )


def chosen_target(settings: Settings) -> Target:
    """Return the target of `settings`, or this machine if the environment asks for it. Raises `AssetError`."""
    match os.environ.get(PLATFORM_VARIABLE, ""):
        case "":
            return Target.of(settings.stack)
        case "local":
            sys.stderr.write(f"{PLATFORM_VARIABLE}: the function is bundled for this machine, not for AWS\n")
            return Target.here()
        case other:
            raise AssetError(f'{PLATFORM_VARIABLE}={other}: write "local", or leave it out to bundle for AWS')


@jsii.implements(cdk.ILocalBundling)
class LocalBundling:
    """Fills the folder that CDK provides; there is no Docker to fall back on."""

    def __init__(self, build: Callable[[Path], None]) -> None:
        self._build = build

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Build the asset in `output_dir`; the other arguments are for Docker.

        An error ends the process with its message: on its way through the CDK it would become a traceback of 40 lines.
        """
        try:
            self._build(Path(output_dir))
        except AssetError as error:
            sys.exit(str(error))
        return True
