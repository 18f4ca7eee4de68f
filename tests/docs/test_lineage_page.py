"""`docs/lineage.md`: a row with a test for every item of the list, permissions for every call, and examples that run."""

import ast
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from msgspec.structs import replace
from typer.testing import CliRunner

from capture_ops.__main__ import app
from capture_ops.command_line.lineage.commands import lineage as commands
from integrations.lineage import Lineage
from integrations.lineage.asking.serving import Call
from integrations.lineage.documents.files import read_text
from integrations.lineage.errors import LineageError
from integrations.lineage.graph import Kind
from integrations.lineage.planning.recording import Recording
from integrations.lineage.ports import NewEntity
from integrations.lineage.registering.permissions import OF_COMMANDS
from integrations.lineage.sagemaker import SageMaker
from integrations.lineage.walking.querying import Options
from tests.docs.test_commands import blocks, typed
from tests.lineage.in_memory import InMemory
from tests.lineage_fake.automatic import MODEL_URI, Deployed, put_deployed
from tests.lineage_fake.graphs import client, faked

PAGE = Path("docs/lineage.md")
TEXT = PAGE.read_text(encoding="utf-8")
ITEMS = Path("tests/docs/lineage_items.txt").read_text(encoding="utf-8").splitlines()
CELL = re.compile(r"(?<!\\)\|")
TEST = re.compile(r"\[`[^`]+`\]\(\.\./([^)]+)\) `(\w+)`")


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables in a part of the page."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| item |", "| command |")):
            yield [cell.strip() for cell in CELL.split(line)[1:-1]]


ROWS = [*rows(TEXT.split("## Every item of the documentation")[1])]
NEW_KINDS = (Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT)
PERMISSIONS = {
    row[0].strip("`"): {*row[1].split(", ")} for row in rows(TEXT.split("## Permissions")[1].split("\n## ")[0])
}


(EXAMPLE,) = blocks(PAGE, "yaml")


def test_every_command_has_permissions() -> None:
    """On this page or on that of `register`."""
    known = {command.name for command in commands.registered_commands}
    assert known - OF_COMMANDS.keys() == PERMISSIONS.keys()


def test_the_file_of_the_page_is_imported_and_exported() -> None:
    """And imported again without a step."""
    lineage = Lineage(store=InMemory())
    steps = lineage.import_content(read_text(EXAMPLE, yaml=True))
    assert len(steps) == 7
    assert lineage.import_content(lineage.export(["train"])) == []


def test_every_item_has_one_row() -> None:
    """And no row has an item that is not in the list."""
    assert len(ITEMS) > 150
    assert [row[0] for row in ROWS] == ITEMS
    assert len({*ITEMS}) == len(ITEMS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_has_a_test_that_runs(row: list[str]) -> None:
    """It exists, and no mark skips it or expects its failure."""
    _, served, cell = row
    assert served
    found = TEST.fullmatch(cell)
    assert found
    path, name = found.groups()
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    assert not [node for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)]
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    assert not re.search("skip|xfail", "".join(map(ast.unparse, function.decorator_list)))


def test_every_command_that_a_row_names_exists() -> None:
    """With its first word."""
    known = {command.name for command in commands.registered_commands}
    named = {word for row in ROWS for word in re.findall(r"`lineage ([a-z-]+)", row[1])}
    assert named - known == set()


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    """Put the graph of an endpoint, with its training job."""
    with faked() as (api, fake):
        made = put_deployed(fake.store())
        api.create_training_job(
            TrainingJobName=made.job_arn.rsplit("/", 1)[-1],
            AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
            RoleArn="arn:aws:iam::123456789012:role/train",
            OutputDataConfig={"S3OutputPath": "s3://B/models"},
            ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            StoppingCondition={"MaxRuntimeInSeconds": 3600},
        )
        yield made


@pytest.mark.parametrize("command", typed(PAGE))
def test_every_example_runs(deployed: Deployed, command: str) -> None:
    """On the graph that SageMaker makes of an endpoint."""
    assert deployed.endpoint
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert done.stdout


def test_the_program_of_the_page_runs(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints both models of the endpoint, by their sources."""
    (code,) = blocks(PAGE, "python")
    exec(code.replace('"churn"', repr(deployed.endpoint_arn)), {})  # noqa: S102 - our own page
    assert MODEL_URI in capsys.readouterr().out


@pytest.fixture
def called() -> Iterator[set[str]]:
    """Record the operations that the client calls."""
    recorded: set[str] = set()

    def record(model: OperationModel, **_: object) -> None:
        recorded.add(model.name)

    client().meta.events.register("provide-client-params.sagemaker", record)
    yield recorded
    client().meta.events.unregister("provide-client-params.sagemaker", record)


def _asking(lineage: Lineage, made: Deployed) -> dict[str, Any]:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    texts = [made.endpoint_arn, made.job_arn, made.package_arn, MODEL_URI, "churn", "nothing"]
    questions = ["models-of", "pipeline-of", "trials-of", "package-of"]
    starts = ["endpoint", "training-job", "processing-job", "transform-job", "model-package", "arn"]
    return {
        "ask": [lambda t=t, q=q: lineage.ask(q, t) for t in texts for q in questions],
        "endpoint": [lambda: lineage.endpoint("churn")],
        "provenance": [lambda t=t: lineage.provenance(t) for t in texts],
        "versions": [lambda t=t: lineage.versions(t) for t in texts],
        "approve": [lambda t=t: lineage.approve(t, by="jo", status="approved", now=now) for t in texts],
        "report": [lambda: lineage.report(datetime(2025, 1, 1, tzinfo=UTC))],
        "reproduce": [lambda t=t: lineage.reproduce(t) for t in texts],
        "table": [lambda s=s, t=t: lineage.table(s, t) for s in starts for t in texts],
        "who-served": [lambda: lineage.who_served(Call(id="i", endpoint="churn", variant=None, at=now))],
    }


def _writing(lineage: Lineage, made: Deployed) -> dict[str, Any]:
    new = [NewEntity(kind=kind, type="T", name="n", source_uri="s3://b/n", tags={"a": "b"}) for kind in NEW_KINDS]
    more = [replace(each, properties={"a": "1"}, tags={"a": "c"}) for each in new]
    texts = [each.name or "" for each in new] + [made.job_arn, MODEL_URI, "nothing"]
    arns = [lineage.create(replace(each, name="m", source_uri="s3://b/m")) for each in new]
    lineage.link(arns[0], arns[1])
    trained = Recording(action="run", type="T", inputs=("s3://b/in",), outputs=("s3://b/out",))
    content = read_text(EXAMPLE, yaml=True)
    changed = read_text(EXAMPLE.replace("Completed", "Failed").replace("100", "1").replace("churn", "other"), yaml=True)
    return {
        "create": [lambda n=n: lineage.create(n) for n in new + more],
        "get": [lambda t=t: (lineage.get(t), lineage.tags(t)) for t in [*texts, *arns]],
        "list": [lambda k=k: [*lineage.list(k)] for k in Kind] + [lambda: [*lineage.links()]],
        "update": [lambda t=t: lineage.update(t, {"a": "2"}) for t in [*texts, *arns]],
        "tag": [lambda t=t: lineage.tag(t, {"a": "2"}, ["b"]) for t in texts],
        "link": [lambda t=t: lineage.link(arns[0], t) for t in [*texts, *arns]],
        "unlink": [lambda t=t: lineage.unlink(arns[0], t) for t in [*texts, *arns]],
        "edges": [lambda t=t: lineage.edges(t) for t in texts],
        "record": [lambda: lineage.record(trained)] * 2,
        "add-to": [lambda t=t: lineage.add_to("m", [t]) for t in texts],
        "delete": [lambda t=t: lineage.delete([t], with_associations=True) for t in [*texts, *arns]],
        "import": [lambda c=c: lineage.import_content(c) for c in (content, changed)],
        "export": [lambda t=t: lineage.export([t]) for t in texts],
        "query": [lambda t=t: lineage.query([t], Options(details=True)) for t in texts],
    }


@pytest.mark.parametrize("command", PERMISSIONS)
def test_a_command_makes_only_the_calls_of_its_row(deployed: Deployed, called: set[str], command: str) -> None:
    """Also where entities, jobs or packages are missing."""
    lineage = Lineage(store=SageMaker(boto3_client=client(), sleep=lambda _: None))
    runs = (_asking(lineage, deployed) | _writing(lineage, deployed))[command]
    called.clear()
    for run in runs:
        with suppress(LineageError, ClientError):
            run()
    assert called
    assert called - PERMISSIONS[command] == set()
