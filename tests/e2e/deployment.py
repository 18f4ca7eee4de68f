"""The real app under the real command line: `cdk bootstrap`, `cdk deploy` and `cdk destroy`, as a user calls them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from tests.e2e.ministack import ACCOUNT, REGION

ROOT = Path(__file__).parents[2]
_STACK = "capture-forwarder"
_ID = "Forwarder"  # of the stack in the app
OBSERVABILITY_ID = "Observability"
# The resources of the observability stack that the emulator does not make: docs/adr/0011-emulator.md
LEFT_OUT = frozenset({"AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"})
_PLATFORM_VARIABLE = "CAPTURE_FORWARDER_ASSET_PLATFORM"  # of infra.bundling.code, whose import starts Node
_TIMEOUT_SECS = 240


class Deployment:
    """The stack of a configuration, on the AWS that the environment names; its files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.config = folder / "forwarder.toml"
        self._assembly = folder / "cdk.out"

    def bootstrap(self) -> None:
        """Make the resources that the CDK needs once in an account, under the qualifier of our `cdk.json`."""
        # Without its app, or the command would synthesise the app for no use.
        options = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
        del options["app"]
        (self._folder / "cdk.json").write_text(json.dumps(options), encoding="utf-8")
        run("cdk", "bootstrap", f"aws://{ACCOUNT}/{REGION}", folder=self._folder)

    def deploy(self, configuration: str, *, fails: bool = False) -> None:
        """Create the stack as `configuration` describes it, or update it. With `fails` its last resource is refused."""
        self.config.write_text(configuration, encoding="utf-8")
        self._cdk("synth", "--quiet", "--output", str(self._assembly))
        change = _refuse_at_the_end if fails else _leave_out_metric_math
        change(self._assembly / f"{_ID}.template.json")
        self._cdk("deploy", "--app", str(self._assembly), "--require-approval", "never")

    def deploy_observability(self, configuration: str) -> dict[str, Any]:
        """Deploy both stacks of `configuration`, and return the resources of the second one that were left out."""
        self.config.write_text(configuration, encoding="utf-8")
        self._cdk("synth", "--quiet", "--output", str(self._assembly))
        _leave_out_metric_math(self._assembly / f"{_ID}.template.json")
        left_out = _leave_out(self._assembly / f"{OBSERVABILITY_ID}.template.json")
        self._cdk("deploy", "--all", "--app", str(self._assembly), "--require-approval", "never")
        return left_out

    def destroy_observability(self) -> None:
        """Remove the second stack only."""
        self._cdk("destroy", OBSERVABILITY_ID, "--exclusively", "--app", str(self._assembly), "--force")

    def destroy(self) -> None:
        """Remove the stack."""
        self._cdk("destroy", "--app", str(self._assembly), "--force")

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs by name."""
        (stack,) = boto3.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _cdk(self, *arguments: str) -> None:
        run("cdk", *arguments, variables={CONFIG_VARIABLE: str(self.config), _PLATFORM_VARIABLE: "local"})


def run(command: str, *arguments: str | Path, folder: Path = ROOT, variables: Mapping[str, str] | None = None) -> None:
    """Run a command of the project's environment. Raises `RuntimeError` with its output if it fails."""
    done = subprocess.run(  # noqa: S603 - our own command
        [Path(sys.prefix) / "bin" / command, *arguments],
        cwd=folder,
        env=os.environ | dict(variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECS,
    )
    if done.returncode:
        raise RuntimeError(f"{command} {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stdout}")


def _leave_out_metric_math(template: Path) -> None:
    """Remove the alarms that the emulator does not support from a template: docs/adr/0011-emulator.md."""
    content = json.loads(template.read_text(encoding="utf-8"))
    resources = content["Resources"]
    unknown = _with_metric_math(resources)
    left_out = {resources.pop(name)["Properties"]["AlarmDescription"].rsplit(", ", 1)[-1] for name in unknown}
    if not left_out <= {"Rejected.", "EventsNotDelivered."}:
        raise RuntimeError(f"the template has other alarms with metric math: {left_out}")
    template.write_text(json.dumps(content), encoding="utf-8")


def _leave_out(template: Path) -> dict[str, Any]:
    """Remove the resources that the emulator does not make from a template, and return them by logical id."""
    content = json.loads(template.read_text(encoding="utf-8"))
    resources = content["Resources"]
    unknown = {*_with_metric_math(resources), *(name for name, each in resources.items() if each["Type"] in LEFT_OUT)}
    left_out = {name: resources.pop(name) for name in sorted(unknown)}
    template.write_text(json.dumps(content), encoding="utf-8")
    return left_out


def _refuse_at_the_end(template: Path) -> None:
    """Keep the alarms that the emulator does not support, and let it create all other resources before them."""
    content = json.loads(template.read_text(encoding="utf-8"))
    unknown = _with_metric_math(content["Resources"])
    for name in unknown:
        content["Resources"][name]["DependsOn"] = sorted(content["Resources"].keys() - set(unknown))
    template.write_text(json.dumps(content), encoding="utf-8")


def _with_metric_math(resources: dict[str, Any]) -> list[str]:
    return [name for name, each in resources.items() if "Metrics" in each.get("Properties", {})]
