"""The source under DataHub's own tools, each in a process of its own, and our command."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.catalog.datahub.gms import TOKEN, Gms, gms
from tests.catalog.datahub.head_to_head import account
from tests.catalog.datahub.original import KEYS
from tests.catalog.datahub.records import dangling, merged, records_of
from tests.catalog.table import Document, Table
from tests.catalog.table_server import TableServer, serving

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
MOTO = ROOT / ".venv/bin/moto_server"
# Moto has no answer to these.
_LACKED = {
    "ListFeatureGroups": "FeatureGroupSummaries",
    "ListLabelingJobs": "LabelingJobSummaryList",
    "ListInferenceComponents": "InferenceComponents",
    "ListMonitoringSchedules": "MonitoringScheduleSummaries",
    "ListActions": "ActionSummaries",
    "ListArtifacts": "ArtifactSummaries",
    "ListContexts": "ContextSummaries",
}


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TOKEN": TOKEN, "PYTHONPATH": ""}
    arguments = [str(BIN / command[0]), *command[1:]]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def _recipe(folder: Path, server: TableServer, sink: dict[str, Any], **config: Any) -> str:
    source = {"aws_region": "eu-west-1", "aws_endpoint_url": server.url, **KEYS, **config}
    recipe = {"source": {"type": "sagemaker-capture", "config": source}, "sink": sink}
    (folder / "recipe.yml").write_text(yaml.safe_dump(recipe))
    return str(folder / "recipe.yml")


def _to_file(folder: Path) -> dict[str, Any]:
    return {"type": "file", "config": {"filename": str(folder / "records.json")}}


def _to(server: Gms) -> dict[str, Any]:
    return {"type": "datahub-rest", "config": {"server": server.url, "token": "${TOKEN}"}}


@pytest.fixture
def moto() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([MOTO, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - a package of ours
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("moto does not start")


def _nothing(items: str, _: Document) -> Document:
    return {items: []}


def _fill(url: str) -> None:
    client: Any = boto3.client("sagemaker", endpoint_url=url, region_name="eu-west-1")
    role = "arn:aws:iam::123456789012:role/r"
    client.create_model(
        ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i", "ModelDataUrl": "s3://m/m"}
    )
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://captures/here",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    client.create_endpoint_config(
        EndpointConfigName="c",
        ProductionVariants=[{**variant, "InitialVariantWeight": 1.0}],
        DataCaptureConfig=capture,
    )
    client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    client.create_model_package_group(ModelPackageGroupName="g")


@pytest.mark.skipif(not MOTO.exists(), reason="needs moto: `make setup` installs it in .venv")
def test_the_stock_command_runs_the_source_against_moto(moto: str, tmp_path: Path) -> None:
    table = Table()
    for operation, items in _LACKED.items():
        table.answers[operation] = partial(_nothing, items)
    _fill(moto)
    with serving(table, moto) as server:
        done = _run("datahub", "ingest", "-c", _recipe(tmp_path, server, _to_file(tmp_path)))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    records = records_of(tmp_path / "records.json")
    captures = "urn:li:dataset:(urn:li:dataPlatform:s3,captures/here/e/v,PROD)"
    assert records[captures, "subTypes"] == {"typeNames": ["SageMaker Data Capture"]}
    assert dangling(records) == set()
    written = len(json.loads((tmp_path / "records.json").read_text()))
    checked = _run("datahub", "check", "metadata-file", str(tmp_path / "records.json"))
    assert checked.returncode == 0
    assert f"{written} MCEs found - all valid" in checked.stdout
    assert written == 18


def test_telemetry_is_off_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DATAHUB_TELEMETRY_ENABLED")
    with serving(account()) as server:
        assert (
            _run("capture-forwarder", "catalog", "ingest", _recipe(tmp_path, server, _to_file(tmp_path))).returncode
            == 0
        )
    settings = tmp_path / ".datahub/telemetry-config.json"
    assert not settings.exists() or json.loads(settings.read_text())["enabled"] is False


def test_the_plug_in_is_listed_and_enabled() -> None:
    assert "sagemaker-capture" in _run("datahub", "check", "plugins").stdout.split()
    assert (
        "Source sagemaker-capture is enabled"
        in _run("datahub", "check", "plugins", "--source", "sagemaker-capture").stdout
    )


def test_the_console_sink(tmp_path: Path) -> None:
    with serving(account()) as server:
        done = _run("datahub", "ingest", "-c", _recipe(tmp_path, server, {"type": "console"}))
    assert done.returncode == 0
    assert "urn:li:dataFlow:(sagemaker,endpoint:quiet,PROD)" in done.stdout


def test_a_server_holds_every_record_and_the_same_after_a_second_run(tmp_path: Path) -> None:
    with serving(account()) as server, gms(refusals=2) as datahub:
        assert (
            _run("capture-forwarder", "catalog", "ingest", _recipe(tmp_path, server, _to_file(tmp_path))).returncode
            == 0
        )
        recipe = _recipe(tmp_path, server, _to(datahub))
        first = _run("capture-forwarder", "catalog", "ingest", recipe)
        held = datahub.records
        second = _run("datahub", "ingest", "-c", recipe)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stdout[-2000:]
    assert datahub.refused == 2
    assert datahub.tokens == {f"Bearer {TOKEN}"}
    assert held == datahub.records
    assert held == merged(json.loads((tmp_path / "records.json").read_text()))


def test_exit_codes_of_our_command(tmp_path: Path) -> None:
    with serving(account()) as server:
        fine = _recipe(tmp_path, server, _to_file(tmp_path))
        done = _run("capture-forwarder", "catalog", "ingest", fine)
        assert done.returncode == 0, done.stderr[-2000:]
        written = len(json.loads((tmp_path / "records.json").read_text()))
        assert done.stderr.splitlines()[-1] == f"records: {written}, failures: 0, warnings: 0"
        server.fail("ListModels", "AccessDeniedException")
        done = _run("capture-forwarder", "catalog", "ingest", fine)
        assert done.returncode == 1
        assert "failure: ListModels failed: AccessDeniedException: allow sagemaker:ListModels" in done.stderr
        wrong = _recipe(tmp_path, server, _to_file(tmp_path), s3_names="odd", max_workers=0, nonsense=1)
        done = _run("capture-forwarder", "catalog", "ingest", wrong)
        assert done.returncode == 3
        assert "the recipe has 3 problem(s)" in done.stderr
        sink = {"type": "datahub-rest", "config": {"server": "http://127.0.0.1:9", "token": "${TOKEN}"}}
        done = _run("capture-forwarder", "catalog", "ingest", _recipe(tmp_path, server, sink))
        assert done.returncode == 4
        assert "DataHub's server: ConnectionError; check `server` and `token` of the sink" in done.stderr
        done = _run("capture-forwarder", "catalog", "ingest", str(tmp_path / "none.yml"))
        assert done.returncode == 2
