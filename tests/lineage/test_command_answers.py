"""What the commands of lineage say of entities that exist, of names, and of work that is not done."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from capture_ops.command_line.lineage.commands import lineage as commands
from integrations.lineage import Lineage
from integrations.lineage.registering.routes import register
from tests.lineage.deployed import CONFIG, make_endpoint, world
from tests.lineage.registered import configured
from tests.lineage.test_commands import ARTIFACT, fake, run, trained
from tests.lineage_fake.automatic import put_deployed
from tests.lineage_fake.modes import ArtifactIdentity, Modes
from tests.lineage_fake.plugin import Fake

__all__ = ["fake", "run", "trained"]  # fixtures

Run = Callable[..., Result]
TRAIN = ("create", "artifact", "--type", "DataSet", "--source-uri", "s3://b/train.csv")


def test_a_new_name_of_an_artifact_is_merged(trained: Run, fake: Fake) -> None:
    """As its properties. A second run writes nothing; a generated name changes none."""
    dry = trained(*TRAIN, "--name", "churn-data", "--dry-run").stdout
    assert dry == "update artifact data: name churn-data\ndry run: 1 step, and nothing was changed\n"
    arn = trained(*TRAIN, "--name", "churn-data").stdout
    assert trained("get", "churn-data").stdout.count(arn.strip()) == 1
    updates = fake.counts["UpdateArtifact"]
    for again in ((), ("--name", "churn-data")):
        assert trained(*TRAIN, *again).stdout == arn
    assert fake.counts["UpdateArtifact"] == updates == 1
    assert "the name 'a_b' is not valid" in trained(*TRAIN, "--name", "a_b", code=2).stderr


def test_a_source_with_other_source_types_is_explained(trained: Run, fake: Fake) -> None:
    """Both are shown, and what to do. A SageMaker that keeps both makes a second artifact."""
    done = trained(*TRAIN, "--source-type", "MD5Hash=1", code=2)
    assert "s3://b/train.csv is the source of arn:aws:" in done.stderr
    assert "which has no source types; the new artifact would have the source types MD5Hash=1" in done.stderr
    assert "give the same source types to use that one, or another source URI for a new one" in done.stderr
    assert "run" not in done.stderr
    fake.modes = Modes(artifact_identity=ArtifactIdentity.SOURCE)
    assert trained(*TRAIN, "--source-type", "MD5Hash=1").stdout.startswith(ARTIFACT)
    fake.modes = Modes()
    (arn, other) = (trained(*TRAIN, *types).stdout for types in ((), ("--source-type", "MD5Hash=1")))
    assert arn != other


@pytest.mark.parametrize("command", [("record", "train"), ("add-to", "pipe")])
def test_a_refused_call_keeps_its_class(trained: Run, fake: Fake, command: tuple[str, ...]) -> None:
    """It is one error of AWS, not two wrong inputs."""
    fake.modes = Modes(denied=frozenset({"ListArtifacts"}))
    ends = ("--in", "s3://1", "--in", "s3://2") if command[0] == "record" else ("s3://1", "s3://2")
    done = trained(*command, *ends, code=4)
    assert done.stderr.count("is not authorized") == 1


def test_wrong_inputs_are_named_once_each(trained: Run) -> None:
    """All of them, with the class of the errors."""
    done = trained("record", "train", "--in", "nobody", "--in", "nobody", "--out", "none", code=2)
    assert done.stderr.splitlines() == [
        f"No entity of lineage has the ARN, name or source {name}" for name in ("nobody", "none")
    ]
    done = trained("query", "nobody", "data", "none", code=2)
    assert len(done.stderr.splitlines()) == 2


def test_only_after_a_temporary_error_the_command_is_run_again(trained: Run, fake: Fake) -> None:
    """A denied call is denied again."""
    update = ("update", "train", "--set", "a=1")
    fake.modes = Modes(denied=frozenset({"UpdateAction"}))
    assert "steps" not in trained(*update, code=4).stderr
    fake.modes = Modes(conflict_every=1)
    assert "0 of 1 step is done; run the command again" in trained(*update, code=4).stderr


def test_a_query_shows_names_only_if_they_are_known(trained: Run) -> None:
    """The id in an ARN is no name."""
    headings = trained("query", "data").stdout.splitlines()[2]
    assert "Name" not in headings
    assert "Name" in trained("query", "data", "--with-properties").stdout.splitlines()[2]
    assert "s3://b/model.tar.gz" in (listed := trained("list", "artifact", "--type", "Model").stdout)
    assert "Name" not in listed


@pytest.fixture
def churn(fake: Fake) -> None:
    """Make the endpoint `churn` and its lineage, and the lineage of a deleted endpoint."""
    make_endpoint("churn")
    put_deployed(fake.store())
    put_deployed(fake.store(), endpoint="gone", group="gone")


@pytest.mark.usefixtures("churn")
@pytest.mark.parametrize("name", ["churn", "gone"])
@pytest.mark.parametrize(
    "command",
    ["get", "edges", "query", "export", "tag", "ask models-of", "provenance", "table --arn", "table --endpoint"],
)
def test_the_name_of_an_endpoint_works_everywhere(run: Run, command: str, name: str) -> None:
    """Also that of a deleted one. Its context is shown."""
    assert run(*command.split(), name)
    if command == "get":
        assert "Context" in run("get", name).stdout


@pytest.mark.usefixtures("churn")
def test_the_name_of_an_endpoint_is_one_end_of_a_link(run: Run) -> None:
    """And a context to add to."""
    run("create", "context", "--type", "Project", "--name", "project")
    assert "link " in run("link", "churn", "project").stdout
    assert "link " in run("add-to", "gone", "project").stdout
    run("create", "action", "--type", "T", "--name", "churn")
    assert "churn names 2 entities" in run("get", "churn", code=2).stderr


def test_captures_are_no_data_set_of_the_endpoint() -> None:
    """No model was trained on them."""
    with world():
        lineage = Lineage("eu-west-1")
        assert [each.error for each in register(lineage.store, configured(CONFIG))] == [None]
        summary = lineage.endpoint("churn")
    (captures,) = [part for part in summary.parts if part.role == "captures"]
    assert captures.entity.source_uri == "s3://bucket-of-b/datacapture/churn/"
    assert "2 data sets" in summary.sheet().title


@pytest.mark.parametrize("options", [("--endpoint", "nope"), ("--endpoint", "nope", "--dry-run")])
def test_a_missing_endpoint_is_said_once(tmp_path: Path, options: tuple[str, ...]) -> None:
    """And with several routes once for each, with its name."""
    config = tmp_path / "forwarder.toml"
    config.write_text(CONFIG, encoding="utf-8")
    with world():
        done = CliRunner().invoke(app, ["lineage", "register", "--config", str(config), *options])
        assert (done.exit_code, done.output.count("there is no endpoint nope")) == (2, 1)
        route = CONFIG[CONFIG.index("[[route]]") :]
        renamed = [route.replace('"churn"', f'"{name}"').replace("/churn/", f"/{name}/") for name in ("a", "b")]
        config.write_text(CONFIG[: CONFIG.index("[[route]]")] + "".join(renamed), encoding="utf-8")
        done = CliRunner().invoke(app, ["lineage", "register", "--config", str(config)])
    assert [line.partition(" or ")[0] for line in done.output.splitlines()] == [
        f"route {name}: there is no endpoint {name}" for name in ("a", "b")
    ]


COMMANDS = [each.name or "" for each in commands.registered_commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_fits_into_80_columns(command: str) -> None:
    """And names the options of the connection once."""
    done = CliRunner().invoke(app, ["lineage", command, "--help"], env={"COLUMNS": "80"})
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    for option in ("--region", "--profile", "--endpoint-url"):
        assert done.stdout.count(f"  {option} ") == 1
