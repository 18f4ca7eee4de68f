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
from typer.testing import CliRunner

from capture_ops.__main__ import app
from capture_ops.command_line.lineage.commands import lineage as commands
from integrations.lineage import Lineage
from integrations.lineage.asking.serving import Call
from integrations.lineage.errors import LineageError
from integrations.lineage.sagemaker import SageMaker
from tests.docs.test_commands import blocks, typed
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
PERMISSIONS = {
    row[0].strip("`"): {*row[1].split(", ")} for row in rows(TEXT.split("## Permissions")[1].split("## Every item")[0])
}


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


def _runs(lineage: Lineage, made: Deployed) -> dict[str, Any]:
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


@pytest.mark.parametrize("command", PERMISSIONS)
def test_a_command_makes_only_the_calls_of_its_row(deployed: Deployed, called: set[str], command: str) -> None:
    """Also where entities, jobs or packages are missing."""
    for run in _runs(Lineage(store=SageMaker(boto3_client=client(), sleep=lambda _: None)), deployed)[command]:
        with suppress(LineageError, ClientError):
            run()
    assert called
    assert called - PERMISSIONS[command] == set()
