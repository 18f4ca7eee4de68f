"""`[lineage] register`: the custom resource in the template, and its asset by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from capture_ops.cloud.moto_server import moto_server
from infra.bundling.asset import MAX_BYTES
from infra.bundling.registration import DEPENDENCIES, build_registration_asset
from infra.bundling.wheels import Target, install_wheels
from integrations.lineage.registering.permissions import DEPLOYED
from integrations.lineage.registering.registration import PROPERTY
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import DEFAULT, EXAMPLES, properties, resources
from tests.lineage_fake.plugin import lineage_fake

ON = "\n[lineage]\nregister = true\n"


@pytest.fixture
def recording(stacks: Stacks) -> Template:
    """Return the template of the example."""
    return stacks.example("lineage")


def test_without_lineage_the_template_is_unchanged(stacks: Stacks) -> None:
    """`register = false` is the default, and no other resource depends on it."""
    text = DEFAULT.read_text(encoding="utf-8")
    plain = stacks.template(text)
    assert stacks.template(text + ON.replace("true", "false")) == plain
    on = stacks.template(text + ON)
    assert {name: each for name, each in on["Resources"].items() if not name.startswith("Lineage")} == plain[
        "Resources"
    ]
    assert on["Outputs"].keys() - plain["Outputs"].keys() == {"LineageWarnings"}


def test_synthesis_renders_the_plan_into_the_custom_resource(recording: Template) -> None:
    """A change of the route or the destination changes it, so that CloudFormation asks for an update."""
    (route,) = properties(recording, "CloudFormation::CustomResource")[PROPERTY]
    (target,) = route.pop("targets")
    assert route == {
        "route": "churn",
        "bucket": "sagemaker-eu-west-1-123456789012",
        "prefix": "datacapture/churn/",
        "version": route["version"],
    }
    assert len(target.pop("configuration")) == 64
    assert target == {
        "destination": "arthur",
        "model_id": "00000000-0000-0000-0000-000000000000",
        "source_uri": "https://arthur.example.com/models/00000000-0000-0000-0000-000000000000",
    }
    assert "secretsmanager" not in json.dumps(resources(recording, "CloudFormation::CustomResource"))


def test_the_role_is_allowed_exactly_the_calls(recording: Template) -> None:
    """And its own log."""
    document = properties(recording, "IAM::ManagedPolicy", "Lineage")["PolicyDocument"]
    actions = {each["Sid"]: each["Action"] for each in document["Statement"]}
    listed = {sid: tuple(each) if isinstance(each, list) else (each,) for sid, each in actions.items()}
    assert listed == {one.sid: one.actions for one in DEPLOYED} | {
        "WriteLogs": ("logs:CreateLogStream", "logs:PutLogEvents")
    }


def test_the_forwarding_function_makes_no_lineage_call(recording: Template) -> None:
    """Its policies allow none."""
    policies = [each for name, each in resources(recording, "IAM::ManagedPolicy").items() if "Lineage" not in name]
    assert policies
    assert "sagemaker:" not in json.dumps(policies)


def test_routes_are_recorded_after_the_function_can_forward(recording: Template) -> None:
    """And stopped before it is deleted; its role has had time to become known."""
    (resource,) = resources(recording, "CloudFormation::CustomResource").values()
    mappings = resources(recording, "Lambda::EventSourceMapping").keys()
    assert len(mappings) == 2
    assert mappings <= set(resource["DependsOn"])


def test_a_function_that_gives_no_answer_ends_the_deployment_soon(recording: Template) -> None:
    """CloudFormation waits a minute longer than the function runs, not for an hour."""
    (resource,) = resources(recording, "CloudFormation::CustomResource").values()
    function = properties(recording, "Lambda::Function", "Lineage")
    assert resource["Properties"]["ServiceTimeout"] == function["Timeout"] + 60 == 960


def test_a_route_keeps_its_group_when_others_come_and_go(stacks: Stacks) -> None:
    """Two requests that run at the same time never change the same route."""
    text = DEFAULT.read_text(encoding="utf-8") + ON
    one = text[text.index("[[route]]") : text.index("# A bucket")]
    many = text + "".join(one.replace('"churn"', f'"r{i}"').replace("/churn/", f"/r{i}/") for i in range(40))
    found = resources(stacks.template(many), "CloudFormation::CustomResource")
    assert len(found) == 8
    assert sum(len(each["Properties"][PROPERTY]) for each in found.values()) == 41
    ((alone, _),) = resources(stacks.template(text), "CloudFormation::CustomResource").items()
    assert "churn" in [route["route"] for route in found[alone]["Properties"][PROPERTY]]


def test_the_lock_is_a_part_of_the_lock_of_the_function() -> None:
    """The same versions with the same hashes."""
    functions = Path("lambda_src/requirements.txt").read_text(encoding="utf-8")
    for line in DEPENDENCIES.read_text(encoding="utf-8").splitlines():
        assert line.removesuffix(" \\") in functions


def test_the_asset_starts_by_itself_and_registers(tmp_path: Path) -> None:
    """Every module can be imported with no other package, and a request ends with an answer."""
    asset = tmp_path / "asset"
    asset.mkdir()
    build_registration_asset(asset, Target.here())
    assert sum(path.stat().st_size for path in asset.rglob("*") if path.is_file()) < MAX_BYTES / 2
    services = {path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == {"sagemaker", "sts"}
    with lineage_fake(), moto_server() as url:
        ran = run_alone(asset, url)
    assert ran.stderr == ""
    assert "route churn: there is no endpoint churn or datacapture in this region" in ran.stdout


SCRIPT = """
import importlib, pathlib, sys
asset = pathlib.Path(sys.argv[1])
for path in sorted((asset / "integrations").rglob("*.py")):
    importlib.import_module(".".join(path.relative_to(asset).with_suffix("").parts))
from integrations.lineage.deploying import requests
route = {"route": "churn", "bucket": "b", "prefix": "datacapture/churn/", "targets": [], "version": "1"}
print(list(requests.warnings({"RequestType": "Create", "ResourceProperties": {"Registrations": [route]}})))
"""


def run_alone(asset: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run the script with the asset only."""
    environment: dict[str, Any] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(asset),
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-S", "-c", SCRIPT, str(asset)]
    return subprocess.run(command, cwd=asset, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves


def test_the_example_names_the_option() -> None:
    """Readers copy it."""
    assert "register = true" in EXAMPLES["lineage"].read_text(encoding="utf-8")


def test_the_asset_has_the_locked_packages_and_no_other(tmp_path: Path) -> None:
    """And the modules of the integration, the configuration, the domain and the settings of destinations."""
    packages, asset = tmp_path / "packages", tmp_path / "asset"
    asset.mkdir()
    install_wheels(DEPENDENCIES, packages, Target.here())
    build_registration_asset(asset, Target.here())
    others = {path.name for path in asset.iterdir()} - {path.name for path in packages.iterdir()}
    assert others == {"capture_forwarder", "integrations"}
    assert {path.name for path in (asset / "capture_forwarder").iterdir()} == {
        "__init__.py",
        "configuration",
        "destinations",
        "domain",
    }
