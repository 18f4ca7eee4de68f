"""The commands of lineage against the fake: what they print, write, and how they end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from tests.lineage_fake.modes import Limits, Modes
from tests.lineage_fake.plugin import Fake, lineage_fake

Run = Callable[..., Result]
ARTIFACT = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Install the fake. A call is tried once."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with mock_aws(), lineage_fake() as installed:
        yield installed


@pytest.fixture
def run(fake: Fake) -> Run:
    """Return a function that runs a command of lineage."""
    del fake
    runner = CliRunner()

    def command(*arguments: str, code: int = 0) -> Result:
        result = runner.invoke(app, ["lineage", *arguments])
        assert result.exit_code == code, result.output
        return result

    return command


@pytest.fixture
def trained(run: Run) -> Run:
    """Record a training, and put it into a context."""
    run(
        "create",
        "artifact",
        "--type",
        "DataSet",
        "--name",
        "data",
        "--source-uri",
        "s3://b/train.csv",
        "--property",
        "n=1",
    )
    run("record", "train", "--type", "Training", "--in", "s3://b/train.csv", "--out", "s3://b/model.tar.gz")
    run("create", "context", "--type", "Pipeline", "--name", "pipe", "--tag", "team=churn")
    run("add-to", "pipe", "train", "s3://b/model.tar.gz")
    return run


def writes(fake: Fake) -> int:
    """Return how often lineage was written."""
    reading = ("Describe", "List", "Query")
    return sum(count for name, count in fake.counts.items() if not name.startswith(reading))


def test_a_graph_is_printed(trained: Run) -> None:
    """In all formats; a filter keeps the path, and --no-edges only the matches."""
    printed = trained("query", "s3://b/train.csv", "--direction", "down", "--with-properties").stdout
    assert '| {"n": "1"}' in printed
    assert "ContributedTo" in printed
    for name in ("json", "csv", "markdown", "mermaid", "dot", "html"):
        assert trained("query", "data", "--format", name).stdout
    answer = json.loads(trained("query", "data", "--type", "Model", "--format", "json").stdout)
    assert {vertex["type"] for vertex in answer["vertices"]} == {"DataSet", "Training", "Model"}
    matches = trained("query", "data", "--type", "Model", "--kind", "artifact", "--no-edges", "--format", "json").stdout
    assert [vertex["type"] for vertex in json.loads(matches)["vertices"]] == ["Model"]
    found = trained("query", "data", "--property", "n=1", "--after", "2020-01-01", "--modified-before", "2099-01-01")
    assert "data" in found.stdout


def test_entities_are_printed(trained: Run) -> None:
    """Single ones with tags, lists in an order, links with both names."""
    assert "Tag team" in trained("get", "pipe").stdout
    assert trained("tag", "pipe").stdout == "team=churn\n"
    names = [
        line.split("|")[4].strip() for line in trained("list", "context").stdout.splitlines() if "Pipeline" in line
    ]
    assert names == ["pipe"]
    listed = json.loads(
        trained("list", "artifacts", "--sort", "name", "--order", "ascending", "--format", "json").stdout
    )
    assert len(listed["entities"]) == 2
    assert "train" in trained("list", "associations", "--type", "Produced", "--source", "train").stdout
    assert "Produced" in trained("edges", "train", "--out").stdout
    assert "Produced" not in trained("edges", "train", "--in").stdout
    assert "Produced" in trained("edges", "train").stdout


def test_entities_are_changed(trained: Run, fake: Fake) -> None:
    """A dry run prints the steps, and changes nothing."""
    before = writes(fake)
    update = ("update", "train", "--set", "a=1", "--status", "Completed", "--description", "d")
    assert trained(*update, "--dry-run").stdout.startswith("update action train: a=1, status Completed, description\n")
    dry = trained("create", "action", "--type", "T", "--name", "x", "--metadata", "CommitId=c", "--dry-run")
    assert dry.stdout == "create action x (T)\ndry run: 1 step, and nothing was changed\n"
    assert trained("tag", "pipe", "--remove", "team", "--dry-run").stdout.startswith("tag arn:")
    assert trained("unlink", "train", "s3://b/model.tar.gz", "--dry-run").stdout.startswith("unlink ")
    assert writes(fake) == before
    trained(*update)
    assert trained(*update).stdout == "nothing to do: all is so already\n"
    trained("unlink", "train", "s3://b/model.tar.gz")
    trained("link", "train", "s3://b/model.tar.gz", "--type", "Produced")
    assert "Completed" in trained("get", "train").stdout


def test_a_name_or_source_that_is_left_out_is_made(run: Run) -> None:
    """Two entities without both are two."""
    arns = {run("create", "artifact", "--type", "Model").stdout for _ in range(2)}
    assert len(arns) == 2
    again = {run("create", "action", "--type", "Training", "--source-uri", "s3://x").stdout for _ in range(2)}
    assert len(again) == 1


def test_an_export_is_imported(trained: Run, fake: Fake, tmp_path: Path) -> None:
    """As JSON and YAML, from a file and from stdin."""
    for name in ("graph.json", "graph.yaml"):
        trained("export", "train", "--output", str(tmp_path / name))
        before = writes(fake)
        assert trained("import", str(tmp_path / name)).stdout == "nothing to do: all is so already\n"
        assert writes(fake) == before
    assert trained("export", "train", "--format", "yaml").stdout == (tmp_path / "graph.yaml").read_text()
    trained("delete", "train", "pipe", "data", "s3://b/model.tar.gz", "--with-associations")
    assert len(trained("import", str(tmp_path / "graph.yaml")).stdout.splitlines()) == 8
    again = CliRunner().invoke(app, ["lineage", "import", "-"], input=(tmp_path / "graph.json").read_text())
    assert again.stdout == "nothing to do: all is so already\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("get", "nobody"), "No entity of lineage has the ARN, name or source nobody"),
        (("create", "artifact", "--type", "Model", "--name", "a_b"), "the name 'a_b' is not valid"),
        (("create", "artifact", "--type", "Model", "--property", "a"), "--property 'a' is no KEY=VALUE"),
        (("update", "data", "--set", "a=1", "--set", "a=2"), "gives 'a' twice"),
        (
            ("create", "artifact", "--type", "Model", "--source-uri", "s3://b/train.csv"),
            "its type is DataSet, not Model",
        ),
        (("link", "s3://b/model.tar.gz", "data"), "closes a cycle"),
        (("link", "data", "data"), "the same"),
        (("delete", "train"), "has 3 associations; give --with-associations"),
        (("list", "endpoints"), "'endpoints' cannot be listed"),
        (("list", "artifact", "--source", "data"), "are for associations"),
        (("list", "association", "--name", "x"), "Associations have no"),
        (("query", "data", "--after", "yesterday"), "'yesterday' is no time"),
        (("query", "data", "--max-vertices", "1"), "has more than 1 vertex: "),
        (("import", "nothing.yaml"), "nothing.yaml: No such file"),
        (("import", "pyproject.toml"), "pyproject.toml: The file is no YAML"),
        (("edges", "nobody"), "nobody"),
    ],
)
def test_wrong_calls_end_with_2(trained: Run, fake: Fake, arguments: tuple[str, ...], sentence: str) -> None:
    """One sentence, and no write."""
    before = writes(fake)
    assert sentence in trained(*arguments, code=2).stderr
    assert writes(fake) == before


def test_calls_that_aws_refuses_end_with_4(trained: Run, fake: Fake) -> None:
    """And with 1 if a part of the plan is done."""
    fake.modes = Modes(denied=frozenset({"QueryLineage"}))
    assert "QueryLineage" in trained("query", "data", code=4).stderr
    fake.modes = Modes(throttle_every=1)
    assert "run it again later" in trained("get", f"{ARTIFACT}x", code=4).stderr
    fake.modes = Modes(limits=Limits(artifacts=3))
    record = ("record", "train", "--in", "s3://1", "--in", "s3://2")
    assert "1 of 4 steps is done; the others are not" in trained(*record, code=1).stderr
    fake.modes = Modes(limits=Limits(artifacts=3))
    assert "is 3 Artifacts" in trained("create", "artifact", "--type", "T", "--source-uri", "s3://3", code=4).stderr
    fake.modes = Modes()
    assert "raise --timeout-secs" in trained("query", "data", "--timeout-secs", "0", code=4).stderr


def test_entities_that_are_gone_are_named(trained: Run) -> None:
    """An interrupted deletion is run again."""
    trained("delete", "train", "--with-associations")
    result = trained("delete", "train", "pipe", "--with-associations")
    assert result.stderr == "not found, so there is nothing to delete: train\n"
    assert "an earlier run may have deleted it" in trained("delete", "train", code=2).stderr


def test_hostile_names_are_escaped(run: Run) -> None:
    """A terminal executes no control character."""
    run("create", "artifact", "--type", "\x1b[31mred", "--source-uri", "s3://b/\x1b]0;x\x07", "--property", "\x1b=\t")
    for arguments in (("list", "artifact"), ("get", "s3://b/\x1b]0;x\x07"), ("query", "s3://b/\x1b]0;x\x07")):
        assert "\x1b" not in run(*arguments).stdout
    assert "\x1b" not in run("update", "s3://b/\x1b]0;x\x07", "--set", "\x1b=2").stdout


def test_the_help_loads_nothing() -> None:
    """Neither lineage nor boto3."""
    script = (
        "import sys; from typer.testing import CliRunner; from capture_ops.__main__ import app\n"
        "assert CliRunner().invoke(app, ['lineage', 'query', '--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "found = {name for name in sys.modules if name.split('.')[0] in ('integrations', 'boto3', 'botocore', 'yaml')}\n"
        "assert not found, found"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(("lambda_src", "."))}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)  # noqa: S603 - our own script
