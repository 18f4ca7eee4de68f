"""The commands over HTTP, as a stranger runs them: hostile names from AWS, two writers at once, copies, a real job."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from capture_ops.cloud.moto_server import moto_server
from integrations.lineage.lineage import Lineage
from integrations.lineage.registering.routes import register
from integrations.lineage.sagemaker import SageMaker
from tests.lineage.deployed import make_endpoint
from tests.lineage.registered import with_destinations
from tests.lineage.rendered import read_page
from tests.lineage_fake.automatic import put_deployed
from tests.lineage_fake.graphs import LONG_AGO, put_links
from tests.lineage_fake.plugin import Fake, lineage_fake
from tests.lineage_fake.records import Entity

FORMATS = ("table", "json", "csv", "markdown", "html")
HOSTILE = "<script>alert(1)</script>\"'`|\n\r\x1b]0;x\x07\u202e;]--> }=1+1\\"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Serve the fake, and name it in the environment."""
    for name, value in (
        ("ACCESS_KEY_ID", "testing"),
        ("SECRET_ACCESS_KEY", "testing"),
        ("DEFAULT_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    with lineage_fake() as installed, moto_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        yield installed


def run(*arguments: object, width: int = 80) -> Result:
    """Run one command of lineage at the width of a terminal."""
    return CliRunner().invoke(app, ["lineage", *map(str, arguments)], env={"COLUMNS": str(width)})


@pytest.fixture
def hostile(fake: Fake) -> str:
    """Put a chain of a data set, a training, a model and a context, each with hostile texts. Return the model's ARN."""
    store = fake.store()
    arns = []
    for number, (kind, type_) in enumerate(
        (("Artifact", "DataSet"), ("Action", "Training"), ("Artifact", "Model"), ("Context", "Endpoint"))
    ):
        entity = Entity(
            kind=kind,
            arn=store.arn(kind.lower(), f"e{number}"),
            name=f"{number}{HOSTILE}",
            type=type_,
            source={"SourceUri": f"s3://b/{number}{HOSTILE}"},
            created=LONG_AGO,
            modified=LONG_AGO,
            properties={HOSTILE: HOSTILE, "approved": HOSTILE, "approver": HOSTILE, "hyperparameters": HOSTILE},
            description=HOSTILE,
            status=HOSTILE if kind == "Action" else None,
            tags={HOSTILE: HOSTILE},
            automatic=True,
        )
        store.add(entity)
        arns.append(entity.arn)
    put_links(store, list(pairwise(arns)), HOSTILE)
    return arns[2]


COMMANDS: list[tuple[str, tuple[str, ...]]] = [
    ("get", (*FORMATS,)),
    ("edges", FORMATS),
    ("query --with-properties", (*FORMATS, "mermaid", "dot")),
    ("query", (*FORMATS, "mermaid", "dot")),
    ("ask datasets-of", FORMATS),
    ("ask jobs-of", FORMATS),
    ("provenance", FORMATS),
    ("versions", FORMATS),
    ("table --arn", FORMATS),
]


@pytest.mark.parametrize(("command", "format_"), [(command, each) for command, formats in COMMANDS for each in formats])
def test_hostile_texts_of_aws_are_escaped(hostile: str, command: str, format_: str) -> None:
    """No control character is printed, no line is wider than the terminal, and no element is made of them."""
    done = run(*command.split(), hostile, "--format", format_)
    assert done.exit_code == 0, done.stderr
    assert all(letter.isprintable() or letter == "\n" for letter in done.output)
    if format_ == "table":
        assert max(map(len, done.stdout.splitlines())) <= 80
    if format_ == "html":
        assert read_page(done.stdout)
        assert "<script" not in done.stdout
    if format_ == "json":
        assert json.loads(done.stdout)


@pytest.mark.parametrize(
    "command",
    [
        "list artifact",
        "list action",
        "list association",
        "report --since 2025-01-01 --require-approval",
        "export ARN",
        "export ARN --format yaml",
        "tag ARN",
        "reproduce ARN",
        "delete ARN --with-associations --dry-run",
        "update ARN --set a=1 --dry-run",
        "approve ARN --by jo --status approved --dry-run",
        "clean --dry-run",
    ],
)
def test_hostile_texts_are_escaped_in_lists_and_plans(hostile: str, command: str) -> None:
    """And on stderr. Steps are one line each."""
    done = run(*(hostile if each == "ARN" else each for each in command.split()))
    assert not done.exception or isinstance(done.exception, SystemExit)
    assert all(letter.isprintable() or letter == "\n" for letter in done.output)
    assert "\nalert" not in done.output


def test_a_real_training_job_is_trained_again(fake: Fake) -> None:
    """The request that is printed makes a second job."""
    api = SageMaker()._client
    api.create_training_job(
        TrainingJobName="churn-train-7",
        AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/train",
        OutputDataConfig={"S3OutputPath": "s3://B/models"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    made = put_deployed(fake.store())
    done = run("reproduce", made.model)
    assert (done.exit_code, done.stderr.strip()) == (0, f"From {made.job_arn}")
    api.create_training_job(**json.loads(done.stdout))
    assert api.describe_training_job(TrainingJobName="churn-train-7-again")["TrainingJobStatus"]


def graph_of(fake: Fake) -> tuple[set[Any], set[Any]]:
    """Return the entities and associations of the store, without times and numbers."""
    store = fake.store()
    entities = {(one.arn, one.name, one.type, tuple(sorted(one.properties.items()))) for one in store.entities.values()}
    return entities, {(one.source, one.destination, one.type) for one in store.associations()}


def document() -> dict[str, Any]:
    """Return a document with all kinds."""
    artifacts = {f"a{n}": {"type": "DataSet", "source_uri": f"s3://b/{n}", "tags": {"t": "v"}} for n in range(6)}
    links = [{"from": f"a{n}", "to": "train", "type": "ContributedTo"} for n in range(6)]
    return {"artifacts": artifacts, "actions": {"train": {"type": "Training"}}, "links": links}


def importing(_: int) -> object:
    """Import the document with a client of its own."""
    return Lineage().import_content(document())


def registering(_: int) -> object:
    """Register a route with three destinations, with a client of its own."""
    return [outcome.error for outcome in register(SageMaker(), with_destinations(3), "churn")]


@pytest.mark.parametrize("write", [importing, registering])
def test_two_writers_at_once_make_the_graph_of_one(fake: Fake, write: Callable[[int], object]) -> None:
    """Each step that the other has done is used."""
    make_endpoint("churn", bucket="the-bucket", sagemaker=SageMaker()._client)
    with ThreadPoolExecutor(2) as pool:
        for result in list(pool.map(write, range(2))):
            assert result in ([None], result) or not result
    together = graph_of(fake)
    steps = write(0)
    assert steps in ([], [None], ())
    assert graph_of(fake) == together
    names = [name for _, name, *_ in together[0] if name]
    assert len(names) == len(set(names))


def test_a_route_has_one_forwarding_for_each_destination(fake: Fake) -> None:
    """And one record of its captures. A second run changes nothing."""
    make_endpoint("churn", bucket="the-bucket", sagemaker=SageMaker()._client)
    put_deployed(fake.store())
    registering(0)
    done = run("endpoint", "churn", "--format", "csv")
    roles = [line.split(",")[0] for line in done.stdout.splitlines()]
    assert (roles.count("captures"), roles.count("monitor")) == (1, 6)
    before = graph_of(fake)
    registering(0)
    assert graph_of(fake) == before


def test_copies_of_other_accounts_are_one_entity(fake: Fake) -> None:
    """Unless they are wanted."""
    store = fake.store()
    uri = "s3://b/shared"
    own = store.arn("artifact", "0" * 32)
    for account, target in (("123456789012", store), ("210987654321", fake.store("210987654321"))):
        entity = partial(Entity, kind="Artifact", name=None, type="DataSet", created=LONG_AGO, modified=LONG_AGO)
        target.add(entity(arn=own.replace("123456789012", account), source={"SourceUri": uri}, automatic=True))
    copy = own.replace("123456789012", "210987654321")
    put_links(store, [(copy, own)], "SameAs")
    for options, count in (((), 1), (("--keep-copies",), 2)):
        answer = json.loads(run("query", own, *options, "--format", "json").stdout)
        assert len(answer["vertices"]) == count
    assert run("query", own).exit_code == 0
