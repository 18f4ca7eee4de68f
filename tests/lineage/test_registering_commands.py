"""The commands `register`, `unregister` and `clean`: their output, their exit codes and a dry run."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from capture_ops.__main__ import app
from capture_ops.commands import lineage_registering as command
from capture_ops.terminal.errors import CommandError
from integrations.lineage.errors import NotFound
from tests.lineage.deployed import CONFIG as FAKE_CONFIG
from tests.lineage.deployed import world
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import CONFIG, made_by_sagemaker

SECOND = CONFIG + CONFIG[CONFIG.index("[[route]]") :].replace('"churn"', '"fraud"').replace("/churn/", "/fraud/")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write the configuration with one route."""
    path = tmp_path / "forwarder.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def store() -> InMemory:
    """Return a lineage with the endpoint `churn`."""
    store = InMemory()
    made_by_sagemaker(store)
    return store


def console() -> tuple[Console, StringIO]:
    """Return a console, and its output."""
    output = StringIO()
    return Console(file=output, width=200), output


def test_a_dry_run_prints_the_steps_and_writes_nothing(config: Path, store: InMemory) -> None:
    """The run prints the same steps without `would`."""
    terminal, output = console()
    assert command.register(store, config, [], None, terminal, dry_run=True) == 0
    planned = output.getvalue().splitlines()
    assert store.writes == 0
    assert len(planned) == 7
    terminal, output = console()
    assert command.register(store, config, ["churn"], None, terminal, dry_run=False) == 0
    assert [f"would {line}" for line in output.getvalue().splitlines()] == planned
    assert store.writes == 7
    terminal, output = console()
    assert command.register(store, config, [], "churn", terminal, dry_run=False) == 0
    assert output.getvalue() == "churn: there is nothing to change.\n"


def test_the_commands_run_against_the_api(tmp_path: Path) -> None:
    """Register, stop and delete, with the exit codes of the command line."""
    config = tmp_path / "forwarder.toml"
    config.write_text(FAKE_CONFIG, encoding="utf-8")
    with world() as (fake, _, _):
        before = len(fake.store().entities)
        for arguments, code, lines in (
            (["register", "--dry-run"], 0, 7),
            (["register", "--route", "churn", "--endpoint", "churn"], 0, 7),
            (["register"], 0, 1),
            (["register", "--endpoint", "fraud"], 2, 1),
            (["unregister"], 0, 1),
            (["clean", "--older-than", "1w"], 0, 1),
            (["clean", "--route", "churn"], 0, 3),
        ):
            options = [] if arguments[0] == "clean" else ["--config", str(config)]
            ran = CliRunner().invoke(app, ["lineage", *arguments, *options, "--region", "eu-west-1"])
            assert (ran.exit_code, len(ran.output.splitlines())) == (code, lines), ran.output
        assert len(fake.store().entities) == before


def test_one_route_without_an_endpoint_makes_the_run_incomplete(config: Path, store: InMemory) -> None:
    """The other is recorded."""
    config.write_text(SECOND, encoding="utf-8")
    terminal, output = console()
    assert command.register(store, config, [], None, terminal, dry_run=False) == 1
    assert "route fraud: there is no endpoint fraud or datacapture in this region" in output.getvalue()
    assert store.writes == 7


def test_an_error_of_every_route_is_that_of_the_command(config: Path) -> None:
    """Its type decides the exit code."""
    with pytest.raises(NotFound, match="there is no endpoint churn"):
        command.register(InMemory(), config, [], None, console()[0], dry_run=False)


def test_wrong_names_and_ages_are_refused(config: Path, store: InMemory) -> None:
    """Each with the right ones."""
    with pytest.raises(CommandError, match="there is no route chrun; there are churn"):
        command.register(store, config, ["chrun"], None, console()[0], dry_run=False)
    with pytest.raises(CommandError, match="30 is no age; write a number and h, d or w"):
        command.clean(store, None, "30", console()[0], dry_run=False)
    config.write_text(SECOND, encoding="utf-8")
    with pytest.raises(CommandError, match="--endpoint is that of one route, and there are churn, fraud"):
        command.register(store, config, [], "churn", console()[0], dry_run=False)


def test_unregister_stops_and_clean_deletes(config: Path, store: InMemory) -> None:
    """Both print their steps, and a dry run of each makes no change."""
    before = set(store.vertices)
    command.register(store, config, [], None, console()[0], dry_run=False)
    for dry_run in (True, False):
        terminal, output = console()
        assert command.unregister(store, config, [], terminal, dry_run=dry_run) == 0
        assert output.getvalue().rstrip().endswith("status Stopped")
    terminal, output = console()
    assert command.unregister(store, config, [], terminal, dry_run=False) == 0
    assert output.getvalue() == "churn: there is nothing to change.\n"
    for dry_run in (True, False):
        terminal, output = console()
        assert command.clean(store, "churn", None, terminal, dry_run=dry_run) == 0
        assert len(output.getvalue().splitlines()) == 3
    assert set(store.vertices) == before
    terminal, output = console()
    assert command.clean(store, None, "30d", terminal, dry_run=False) == 0
    assert output.getvalue() == "There is nothing to delete.\n"
