"""The app: every problem of a configuration before anything is made, and nothing from outside the file."""

import json
import os
import shutil
from pathlib import Path

import pytest
from aws_cdk import aws_lambda as lambda_

from app import main
from capture_forwarder.configuration.names import CONFIG_VARIABLE
from infra.application import build_app
from infra.node import choose_node
from tests.infra.examples import DEFAULT

NOT_FOR_AWS = """
[stack]
reserved_concurrency = 3

[[destination]]
name = "monitor"
kind = "arthur"
url = "https://arthur.example.com"
secret = "env:TOKEN"

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
name = "nobodys"
trigger = "s3"
"""


def test_all_that_aws_would_refuse_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong anywhere, and what is wrong only in AWS, in one list; nothing is made."""
    config = tmp_path / "mine.toml"
    config.write_text(NOT_FOR_AWS, encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    with pytest.raises(SystemExit) as caught:
        main()
    head, *problems = str(caught.value).split("\n")
    assert head == f"{config} has 5 problem(s):"
    assert [problem.split(":")[0].strip() for problem in problems] == [
        "stack.max_concurrency",
        "bucket[1].name",
        "bucket[1].trigger",
        "destination[0].secret",
        "route 'a' and route 'b'",
    ]


def test_synthesis_asks_nobody_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials or a region the stack is for any of them, and no look-up is left to be done."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assembly = build_app(DEFAULT, code=lambda_.Code.from_inline("# not bundled")).synth()
    manifest = json.loads((Path(assembly.directory) / "manifest.json").read_text(encoding="utf-8"))
    shutil.rmtree(assembly.directory)
    assert manifest["artifacts"]["Forwarder"]["environment"] == "aws://unknown-account/unknown-region"
    assert manifest["artifacts"]["Forwarder"]["properties"]["stackName"] == "capture-forwarder"
    assert "missing" not in manifest


def test_the_node_that_was_asked_for_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word, the one that came with the packages."""
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    choose_node()
    assert os.environ["JSII_NODE"] == "/opt/node"
    monkeypatch.delenv("JSII_NODE")
    choose_node()
    assert Path(os.environ["JSII_NODE"]).is_file()
