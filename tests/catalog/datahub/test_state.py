"""Runs one after the other: equal without a change. With a state, own entities that are gone are removed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.datahub.head_to_head import CAPTURES_OF_B, account
from tests.catalog.datahub.original import KEYS
from tests.catalog.datahub.records import run
from tests.catalog.datahub.stubs import stub_table
from tests.catalog.table import Table
from tests.catalog.table_server import TableServer, serving


def _run(server: TableServer, folder: Path, kind: str = "sagemaker-capture", **state: Any) -> list[dict[str, Any]]:
    """Run with a state in `folder`, and return the records in their order."""
    endpoint = {"aws_endpoint_url": server.url} if kind == "sagemaker-capture" else {}
    provider = {"type": "file", "config": {"filename": str(folder / "state.json")}}
    config = {
        "aws_region": "eu-west-1",
        **KEYS,
        **endpoint,
        "stateful_ingestion": {"enabled": True, "state_provider": provider, **state},
    }
    run(kind, config, folder / "records.json", pipeline_name="test")
    records: list[dict[str, Any]] = json.loads((folder / "records.json").read_text())
    for each in records:
        each.pop("systemMetadata", None)
    return records


def _removed(records: list[dict[str, Any]]) -> set[str]:
    return {
        each["entityUrn"]
        for each in records
        if each.get("aspectName") == "status" and each["aspect"]["json"].get("removed")
    }


@pytest.mark.parametrize("table", [account(), stub_table()], ids=["account", "stubs"])
def test_two_runs_of_an_unchanged_account_are_equal(table: Table, tmp_path: Path) -> None:
    with serving(table) as server:
        first, second = _run(server, tmp_path), _run(server, tmp_path)
    assert first == second
    assert len(first) > 80


def test_the_entities_of_a_deleted_endpoint_are_removed(tmp_path: Path) -> None:
    table = account()
    with serving(table) as server:
        _run(server, tmp_path)
        table.remove("Endpoint", "b")
        removed = _removed(_run(server, tmp_path))
    assert removed == {
        "urn:li:mlModelDeployment:(urn:li:dataPlatform:sagemaker,b,PROD)",
        "urn:li:dataFlow:(sagemaker,endpoint:b,PROD)",
        "urn:li:dataJob:(urn:li:dataFlow:(sagemaker,endpoint:b,PROD),AllTraffic)",
        CAPTURES_OF_B[0],
    }


def test_data_sets_of_others_are_never_removed(tmp_path: Path) -> None:
    table = account()
    with serving(table) as server:
        _run(server, tmp_path)
        table.remove("TrainingJob", "a")
        records = _run(server, tmp_path)
    assert {urn.split(":")[2] for urn in _removed(records)} == {"dataFlow", "dataJob"}
    foreign = [each for each in records if "s3,data/" in each.get("entityUrn", "")]
    assert {(each["aspectName"], each["changeType"]) for each in foreign} == {("datasetProperties", "PATCH")}


@pytest.mark.parametrize("operation", ["ListModels", "ListEndpoints", "DescribeModel", "ListTrainingJobs"])
def test_what_is_denied_is_not_removed(operation: str, tmp_path: Path) -> None:
    table = account()
    with serving(table) as server:
        _run(server, tmp_path)
        server.fail(operation, "AccessDeniedException")
        assert _removed(_run(server, tmp_path, fail_safe_threshold=100.0)) == set()
    table.remove("Model", "c")
    with serving(table) as server:
        removed = _removed(_run(server, tmp_path))
    assert removed == {"urn:li:mlModel:(urn:li:dataPlatform:sagemaker,c,PROD)"}


def test_a_recipe_that_moves_from_sagemaker_keeps_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = account()
    with serving(table) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        before = _run(server, tmp_path, "sagemaker")
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        table.remove("Endpoint", "quiet")
        removed = _removed(_run(server, tmp_path))
    state = (tmp_path / "state.json").read_text()
    assert any("dataPlatform:s3," in json.dumps(each) for each in before)
    assert removed == {"urn:li:mlModelDeployment:(urn:li:dataPlatform:sagemaker,quiet,PROD)"}
    assert "sagemaker_stale_entity_removal" in state
