"""`lineage who-served`: the capture record by its id, and the model of its endpoint at its time."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.lineage.test_asking_commands import cells, deployed, run, sagemaker
from tests.lineage_fake.automatic import Deployed, put_deployed
from tests.lineage_fake.plugin import lineage_fake

__all__ = ["deployed", "sagemaker"]  # fixtures

CAPTURE = (
    '{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"1,2","encoding":"CSV"}},'
    '"eventMetadata":{"eventId":"%s","inferenceId":"%s","inferenceTime":"%s"},"eventVersion":"0"}\n'
)
FOLDER = "churn/AllTraffic/2026/03/01/10"


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Write two capture files below the folders of their endpoint, variant and hour."""
    folder = tmp_path / "data" / FOLDER
    folder.mkdir(parents=True)
    lines = CAPTURE % ("event-1", "call-1", "2026-03-01T10:00:00Z") + "no json\n"
    (folder / "a.jsonl").write_text(lines + CAPTURE % ("event-2", "call-2", "2026-03-01T10:01:00Z"))
    (folder / "b.jsonl").write_text(CAPTURE % ("event-3", "call-2", "2025-03-01T10:02:00Z"))
    return tmp_path / "data"


@pytest.mark.parametrize("wanted", ["event-1", "call-1", "call-1_0", "event-1_12"])
def test_the_model_of_a_capture_is_named(deployed: Deployed, captures: Path, wanted: str) -> None:
    """By event id, inference id, or the id of a row; endpoint and variant are those of the folders."""
    rows = cells(run("who-served", wanted, "--captures", captures, "--format", "csv"))
    assert rows[0]["Type"] == "AllTraffic"
    assert rows[0]["Source"].endswith("a.jsonl, line 1")
    assert {row["ARN"] for row in rows} >= {deployed.deployment, deployed.package, deployed.model, deployed.training}


@pytest.mark.usefixtures("deployed")
def test_several_calls_with_one_id_are_all_named(captures: Path) -> None:
    """And one before the deployment has no model."""
    done = run("who-served", "call-2", "--captures", captures, "--format", "json")
    assert done.exit_code == 1
    assert [len(each["models"]) for each in json.loads(done.stdout)] == [1, 0]
    assert "2 captured calls have the id call-2." in done.stderr
    assert "No deployment was in force at 2025-03-01T10:02:00Z" in done.stderr


@pytest.mark.usefixtures("deployed")
def test_an_id_without_a_capture_is_an_error(captures: Path) -> None:
    """The sentence names the missing option."""
    assert run("who-served", "call-9", "--captures", captures).exit_code == 1
    assert run("who-served", "call-9", "--captures", captures / "none").exit_code == 2
    shutil.copy(captures / FOLDER / "a.jsonl", captures / "moved.jsonl")
    done = run("who-served", "call-1", "--captures", captures / "moved.jsonl")
    assert "moved.jsonl, line 1: the key does not name the endpoint; give --endpoint" in done.stderr
    done = run("who-served", "call-1", "--captures", captures / "moved.jsonl", "--endpoint", "churn", "--variant", "v")
    assert done.exit_code == 0


def test_no_capture_is_read_if_endpoint_and_time_are_given(deployed: Deployed) -> None:
    """The id is then only a name."""
    done = run("who-served", "any", "--endpoint", "churn", "--at", "2026-03-01T00:00:00")
    assert done.exit_code == 0
    assert deployed.package_arn[:5] in done.stdout


@pytest.fixture
def uploaded(captures: Path, bucket: str) -> Iterator[str]:
    """Upload the capture files to a bucket, and put the graph into the fake on the same server."""
    s3 = boto3.client("s3")
    for path in (captures / FOLDER).iterdir():
        s3.upload_file(str(path), bucket, f"data/{FOLDER}/{path.name}")
    s3.put_object(Bucket=bucket, Key="data/")
    with lineage_fake() as fake:
        put_deployed(fake.store())
        yield bucket


def test_captures_in_s3_are_read_by_the_hour(uploaded: str) -> None:
    """Below a prefix or of an object; with --at, only those around the hour."""
    for where in (f"s3://{uploaded}/data/", f"s3://{uploaded}/data/{FOLDER}/a.jsonl"):
        rows = cells(run("who-served", "event-1", "--captures", where, "--format", "csv"))
        assert rows[0]["Source"] == f"s3://{uploaded}/data/{FOLDER}/a.jsonl, line 1"
    near = ("who-served", "event-1", "--captures", f"s3://{uploaded}/data/", "--at")
    assert run(*near, "2026-03-01T11:59:00").exit_code == 0
    assert run(*near, "2026-03-01T12:00:00").exit_code == 1


def test_the_profile_and_the_region_are_those_of_the_captures_too(
    uploaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them no credentials are there, and after the command none remain."""
    config = tmp_path / "config"
    config.write_text("[profile other]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    command = ("who-served", "event-1", "--captures", f"s3://{uploaded}/data/")
    assert "AWS credentials are missing" in run(*command).stderr
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert run(*command, "--profile", "other", "--region", "eu-west-1").exit_code == 0
    assert boto3.DEFAULT_SESSION is None


def test_by_default_the_captures_are_those_of_the_routes(
    uploaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a configuration, the sentence names the options."""
    monkeypatch.chdir(tmp_path)
    assert "Give --captures" in run("who-served", "event-1").stderr
    route = f'[[route]]\nname = "r"\nbucket = "{uploaded}"\nprefix = "data/"\ndestination = "d"\nmodel_id = "m"\n'
    destination = '[[destination]]\nname = "d"\nkind = "webhook"\nurl = "https://x.example"\nsigning_secret = "env:T"\n'
    (tmp_path / "forwarder.toml").write_text(destination + route)
    assert run("who-served", "event-1").exit_code == 0
