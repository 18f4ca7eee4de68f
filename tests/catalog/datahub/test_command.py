"""`catalog ingest`: its exit codes, and findings with the next step, without tracebacks and without secrets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from tests.catalog.accounts import model
from tests.catalog.datahub.gms import CONFIG
from tests.catalog.datahub.original import KEYS
from tests.catalog.datahub.test_faults import Ran, feature_group
from tests.catalog.table import Document, Refused, Table
from tests.catalog.table_server import serving

AWS: dict[str, Any] = {"aws_region": "eu-west-1", **KEYS}
TOKEN = "abcdefgh-secret-stuvwxyz"
NOWHERE = "http://127.0.0.1:9"


def ingest(text: str, suffix: str = "yml") -> Result:
    """Run the command on a recipe."""
    path = Path(f"recipe.{suffix}")
    path.write_text(text)
    return CliRunner().invoke(app, ["catalog", "ingest", str(path)])


def recipe(sink: dict[str, Any] | None = None, **config: Any) -> str:
    """Return a recipe that writes to a file."""
    sink = sink or {"type": "file", "config": {"filename": "records.json"}}
    return str(yaml.safe_dump({"source": {"type": "sagemaker-capture", "config": config}, "sink": sink}))


def rest(server: str) -> dict[str, Any]:
    """Return a sink that writes to a server, once."""
    return {"type": "datahub-rest", "config": {"server": server, "token": TOKEN, "retry_max_times": 1}}


@contextmanager
def answering(get: int, post: int) -> Iterator[str]:
    """Serve as DataHub with these statuses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(get, CONFIG)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(post, {"message": "no record of yours"})

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"aws_region": "eu-west-1"}, "ListFeatureGroups failed: NoCredentialsError"),
        ({}, "set AWS_DEFAULT_REGION or AWS_PROFILE"),
        ({**AWS, "aws_endpoint_url": NOWHERE, "aws_retry_num": 0}, NOWHERE),
    ],
)
def test_without_access_to_aws_it_ends_with_4(
    config: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = ingest(recipe(**config))
    assert done.exit_code == 4, done.stderr
    assert sentence in done.stderr


def test_refused_credentials_end_with_4() -> None:
    with serving(Table()) as server:
        server.fail("ListModels", "ExpiredTokenException")
        done = ingest(recipe(aws_endpoint_url=server.url, **AWS))
    assert done.exit_code == 4
    assert "correct the credentials" in done.stderr


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_refuses_the_token_ends_with_4_and_shows_no_part_of_it(status: int) -> None:
    with answering(get=status, post=200) as datahub:
        done = ingest(recipe(rest(datahub), **AWS))
    assert done.exit_code == 4
    assert len(done.stderr.splitlines()) == 1
    assert "check `server` and `token` of the sink" in done.stderr
    for part in (TOKEN[:4], TOKEN[-4:]):
        assert part not in done.output


@pytest.mark.parametrize("status", [400, 401])
def test_refused_records_are_grouped_by_reason_without_tracebacks(status: int) -> None:
    table = Table()
    for number in range(40):
        model(table, f"m{number}")
    with serving(table) as server, answering(get=200, post=status) as datahub:
        done = ingest(recipe(rest(datahub), aws_endpoint_url=server.url, **AWS))
    assert done.exit_code == 1
    assert done.stderr.count("no record of yours") == 1
    assert "Traceback" not in done.output
    assert len(done.stderr.splitlines()) < 20


@pytest.mark.parametrize("text", ["", "- a\n", "hello\n", "{}\n"])
def test_a_text_that_is_no_recipe_ends_with_3(text: str) -> None:
    done = ingest(text)
    assert done.exit_code == 3
    assert "recipe" in done.stderr


def test_a_recipe_without_a_sink_ends_with_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    done = ingest("source: {type: sagemaker-capture, config: {aws_region: eu-west-1}}")
    assert done.exit_code == 3
    assert "sink" in done.stderr


def test_an_address_of_a_server_that_is_none_ends_with_3() -> None:
    done = ingest(recipe(rest("nowhere"), **AWS))
    assert done.exit_code == 3
    assert "http://localhost:8080" in done.stderr


def test_wrong_fields_are_named_plainly() -> None:
    done = ingest(recipe(max_worker=3, aws_role={"ExternalId": "x"}, model_pattern={"alow": []}, read_timeout="x"))
    assert done.exit_code == 3
    assert [line.strip().partition(":")[0] for line in done.stderr.splitlines()] == [
        "the recipe has 4 problem(s)",
        "aws_role",
        "read_timeout",
        "model_pattern.alow",
        "max_worker",
    ]
    assert "did you mean max_workers?" in done.stderr


def test_every_skipped_entity_is_named() -> None:
    """DataHub's reports keep a random ten, and the reason of AWS names the entity."""
    table = Table()
    for number in range(30):
        model(table, f"m{number}")
    table.answers["DescribeModel"] = _deny
    with serving(table) as server:
        done = ingest(recipe(aws_endpoint_url=server.url, **AWS))
    assert done.exit_code == 1
    assert done.stderr.count("failure: DescribeModel failed") == 1
    for number in range(30):
        assert f"    m{number}: not authorized on model/m{number}\n" in done.stderr


def _deny(asked: Document) -> Document:
    raise Refused("AccessDeniedException", f"not authorized on model/{asked['ModelName']}")


def test_an_unknown_type_of_a_feature_is_marked_with_its_group(tmp_path: Path) -> None:
    table = Table()
    feature_group(table, None)
    table.entities["FeatureGroup"]["group"]["FeatureDefinitions"][1]["FeatureType"] = "Odd"
    ran = Ran(table, tmp_path)
    assert ran.warnings == [("Unknown type of a feature", ["group.f1: Odd"])]
    assert ran.records["urn:li:mlFeature:(group,f1)", "mlFeatureProperties"]["dataType"] == "UNKNOWN"


def test_an_answer_without_an_arn_is_a_failure_and_the_rest_comes(tmp_path: Path) -> None:
    table = Table()
    feature_group(table, None)
    model(table, "fine")
    table.answers["DescribeFeatureGroup"] = lambda _: {"FeatureGroupName": "group", "FeatureDefinitions": []}
    ran = Ran(table, tmp_path)
    assert ran.failures == [("Malformed answer", ["group: Object missing required field `FeatureGroupArn`"])]
    assert any("sagemaker,fine," in urn for urn, _ in ran.records)
