"""The function's code as CDK takes it: bundled on this machine, when a command needs it, without Docker."""

import os
import sys
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from capture_forwarder.configuration.settings import Settings
from infra.bundling.asset import build_asset
from infra.bundling.target import AssetError, Target
from infra.bundling.wheels import ROOT

# For a platform that runs functions with the Python of this machine, as emulators of AWS do; its one value is "local".
PLATFORM_VARIABLE = "CAPTURE_FORWARDER_ASSET_PLATFORM"


def function_code(settings: Settings, config: Path) -> lambda_.Code:
    """Return the function with the configuration in `config`, from which `settings` were read.

    It is bundled when the stack is synthesised: `cdk list` does without. What is deployed names it, so that the same
    inputs change nothing. Raises `AssetError` here for a platform that cannot be, and through CDK if bundling fails.
    """
    return lambda_.Code.from_asset(
        str(ROOT / "lambda_src"),
        asset_hash_type=cdk.AssetHashType.OUTPUT,
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("none-is-used"),
            local=LocalBundling(config, chosen_target(settings)),
        ),
    )


def chosen_target(settings: Settings) -> Target:
    """Return what `settings` deploy to, unless the environment asks for this machine. Raises `AssetError`."""
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
    """Fills the folder that CDK gives; there is no Docker to fall back on."""

    def __init__(self, config: Path, target: Target) -> None:
        self._config = config
        self._target = target

    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Build the asset in `output_dir`; the rest says how Docker would do it. Raises `AssetError`."""
        build_asset(Path(output_dir), self._config, self._target)
        return True
