"""`sumo setup --remove`: removes its own objects, and leaves those of others."""

import json
from pathlib import Path

import boto3
import pytest

from tests.observability.sumo.conftest import CONFIG, Setup, stored_secret
from tests.observability.sumo.fake_sumo import FakeSumo
from tests.support.command_line import run


def test_nothing_is_left(sumo: FakeSumo, setup: Setup) -> None:
    """The organisation is as it was; the secret is marked for deletion, and setup restores it."""
    before = sumo.state
    setup()
    done = setup("--remove")
    assert (done.exit_code, sumo.state) == (0, before)
    secrets = boto3.client("secretsmanager")
    assert "DeletedDate" in secrets.describe_secret(SecretId="sumo/urls")
    assert setup("--remove").stdout == "0 changes\n"
    assert setup().exit_code == 0
    assert json.loads(stored_secret()).keys() == {"metrics", "logs"}


def test_a_dry_run_removes_nothing(sumo: FakeSumo, setup: Setup) -> None:
    """It names every removal."""
    setup()
    before = sumo.state
    sumo.writes.clear()
    planned = setup("--remove", "--dry-run")
    assert (planned.exit_code, sumo.writes, sumo.state) == (0, [], before)
    assert stored_secret()
    assert planned.stdout.count("would delete") == setup("--remove").stdout.count("deleted")


def test_objects_of_others_stay(sumo: FakeSumo, setup: Setup) -> None:
    """A foreign source, rule and monitor stay, with the collector, the field and the folder that hold them."""
    setup()
    collector = next(iter(sumo.collectors))
    sumo.sources[collector][7] = {"id": 7, "name": "theirs", "sourceType": "HTTP"}
    sumo.rules["r7"] = {"id": "r7", "name": "theirs", "parseExpression": "x", "fieldNames": ["EndpointName"]}
    sumo.rules["r8"] = {"id": "r8", "name": "older", "parseExpression": 'json "x"\n| fields region,instance_id'}
    folder = next(key for key in sumo.folders if key != "root")
    sumo.monitors["m7"] = {"id": "m7", "name": "theirs", "parentId": folder, "contentType": "Monitor"}
    done = setup("--remove")
    assert done.exit_code == 1
    assert sumo.named("sources") == {"theirs"}
    assert sumo.named("rules") == {"theirs", "older"}
    assert sumo.named("monitors") == {"theirs"}
    assert sumo.named("fields") == {"_custom", "endpointname", "region", "instance_id"}
    assert sorted(line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("kept")) == [
        f"kept the collector {next(iter(sumo.named('collectors')))}",
        "kept the field endpointname",
        "kept the field instance_id",
        "kept the field region",
        f"kept the folder of monitors {sumo.folders[folder]['name']}",
    ]


def test_fields_and_secrets_that_were_there_before_stay(sumo: FakeSumo, setup: Setup) -> None:
    """The collector lists the fields that setup made, and a tag marks its secrets."""
    sumo.fields["f1"] = {"fieldId": "f1", "fieldName": "Region"}
    boto3.client("secretsmanager").create_secret(Name="sumo/urls", SecretString='{"theirs": "x"}')
    setup()
    assert sorted(json.loads(stored_secret())) == ["logs", "metrics", "theirs"]
    assert setup("--remove").exit_code == 0
    assert sumo.named("fields") == {"_custom", "Region"}
    assert stored_secret()


def test_the_objects_of_another_stack_stay(sumo: FakeSumo, setup: Setup, tmp_path: Path) -> None:
    """Two stacks cannot share a collector: each would delete the sources of the other."""
    text = CONFIG.read_text(encoding="utf-8").replace("[observability.sumo]", '[observability.sumo]\ncollector = "one"')
    files = [tmp_path / "first.toml", tmp_path / "second.toml"]
    for file, name in zip(files, ("first", "second"), strict=True):
        file.write_text(f'[stack]\nname = "{name}"\n{text}', encoding="utf-8")
    assert run("sumo", "setup", "--config", files[0]).exit_code == 0
    before = sumo.state
    for options in ((), ("--remove",)):
        assert "did not make for this stack" in run("sumo", "setup", "--config", files[1], *options).stderr
    assert sumo.state == before
    assert setup().exit_code == 0
    assert setup("--remove").exit_code == 0
    assert sumo.named("sources")


@pytest.mark.parametrize("kind", ["collectors", "rules", "sources", "folders"])
def test_a_foreign_object_of_a_wanted_name_is_refused(sumo: FakeSumo, setup: Setup, kind: str) -> None:
    """It is neither changed nor removed; the sentence names it."""
    setup()
    objects = next(iter(sumo.sources.values())) if kind == "sources" else getattr(sumo, kind)
    for each in objects.values():
        each.pop("description", None)
        each["parseExpression"] = ""
    before = sumo.state
    refused = setup()
    assert refused.exit_code == 4
    assert "that sumo setup did not make" in refused.stderr
    assert "Before that, no change was made." in refused.stderr
    assert sumo.state == before
