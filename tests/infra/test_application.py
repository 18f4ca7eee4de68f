"""The app: every problem of a configuration in one error, and no look-ups outside the file."""

import json
import os
import shutil
from pathlib import Path

import pytest
from aws_cdk import aws_lambda as lambda_

from app import main
from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import SettingsError, read_settings
from infra.application import build_app, deployment_problems
from infra.node import choose_node
from tests.infra.examples import DEFAULT, EVERYTHING, properties

PRIVATE_CA = Path("tests/infra/private-ca.pem").read_bytes()
PRIVATE_KEY = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n"
NOT_FOR_AWS = """
[stack]
reserved_concurrency = 3

[[destination]]
name = "monitor"
kind = "arthur"
url = "https://arthur.example.com"
secret = "env:TOKEN"
ca_bundle = "ca.pem"

[[destination]]
name = "hook"
kind = "webhook"
url = "https://hooks.example.com"
headers = { Authorization = "env:TOKEN", X-Key = "ssm:/key" }
signing_secret = "env:KEY"

[[route]]
name = "a"
bucket = "captures"
prefix = "a/"
suffix = ".jsonl.gz"
destination = "monitor"
model_id = "m"

[[route]]
name = "b"
bucket = "captures"
prefix = "a/b/"
suffix = ".gz"
destination = "monitor"
model_id = "m"

[[bucket]]
name = "captures"
create = true

[[bucket]]
name = "unrouted"
trigger = "s3"
"""


def test_one_error_lists_everything_that_aws_would_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems of the file and problems of a deployment are in the same list."""
    config = tmp_path / "mine.toml"
    config.write_text(NOT_FOR_AWS, encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    with pytest.raises(SystemExit) as caught:
        main()
    head, *problems = str(caught.value).split("\n")
    assert head == f"{config} has 8 problem(s):"
    assert [problem.split(":")[0].strip() for problem in problems] == [
        "line 2, stack.max_concurrency",
        'line 9, destination "monitor", secret',
        'line 10, destination "monitor", ca_bundle',
        'line 16, destination "hook", headers.Authorization',
        'line 17, destination "hook", signing_secret',
        "line 19, route 'a' and route 'b'",
        'line 40, bucket "unrouted", name',
        'line 41, bucket "unrouted", trigger',
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read (No such file or directory); put the file there, or write another path"),
        (b"no certificate", "holds no PEM certificate; write the path of a PEM file"),
        (PRIVATE_CA + PRIVATE_KEY, "holds a private key, and is deployed with the function"),
        (PRIVATE_CA, None),
    ],
    ids=["missing", "no certificate", "a private key", "good"],
)
def test_a_ca_bundle_is_checked_before_it_is_deployed(
    tmp_path: Path, content: bytes | None, sentence: str | None
) -> None:
    """The path is relative to the file, and the problem names the next step."""
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    text = DEFAULT.read_text(encoding="utf-8").replace("[[destination]]", '[[destination]]\nca_bundle = "ca.pem"', 1)
    (tmp_path / "forwarder.toml").write_text(text, encoding="utf-8")
    try:
        read_settings(tmp_path / "forwarder.toml", extra_checks=deployment_problems)
        problems = []
    except SettingsError as error:
        problems = error.problems
    assert bool(problems) == (sentence is not None)
    assert all(one.startswith(f"destination[0].ca_bundle: {tmp_path / 'ca.pem'} {sentence}") for one in problems)


def test_synthesis_needs_no_credentials_and_no_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack fits every account and region, and CDK has no look-up to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assembly = build_app(DEFAULT, code=lambda_.Code.from_inline("# not bundled")).synth()
    manifest = json.loads((Path(assembly.directory) / "manifest.json").read_text(encoding="utf-8"))
    shutil.rmtree(assembly.directory)
    assert manifest["artifacts"]["Forwarder"]["environment"] == "aws://unknown-account/unknown-region"
    assert manifest["artifacts"]["Forwarder"]["properties"]["stackName"] == "capture-forwarder"
    assert "missing" not in manifest


def test_tags_and_protection_reach_the_stack() -> None:
    """CloudFormation gives the tags of a stack to its resources. The table has a protection of its own."""
    assembly = build_app(EVERYTHING, code=lambda_.Code.from_inline("# not bundled")).synth()
    (stack,) = assembly.stacks
    assert stack.tags == {"team": "ml-platform", "cost centre": "1234"}
    assert stack.termination_protection is True
    assert properties(stack.template, "DynamoDB::Table")["DeletionProtectionEnabled"] is True
    shutil.rmtree(assembly.directory)


def test_the_node_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, it is the Node of the Python packages."""
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    choose_node()
    assert os.environ["JSII_NODE"] == "/opt/node"
    monkeypatch.delenv("JSII_NODE")
    choose_node()
    assert Path(os.environ["JSII_NODE"]).is_file()
