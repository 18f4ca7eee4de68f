"""`sumo setup` when Sumo Logic or AWS refuse: a clear sentence, the usual exit codes, and the half-made state."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
from rich.console import Console

from capture_forwarder.configuration.reader import read_settings
from capture_ops.observability.sumo.command import run as set_up
from capture_ops.observability.sumo.session import ACCESS_ID, ACCESS_KEY, BASE_URL, connect
from capture_ops.terminal.errors import CommandError, ExitCode
from tests.observability.sumo.conftest import CONFIG, Setup
from tests.observability.sumo.fake_sumo import ACCESS, TOKEN, FakeSumo
from tests.support.command_line import run

CHECKED_FIRST = ("POST /collectors$", "GET /fields")
CALLS = [
    ("POST /fields", True),
    (r"POST /collectors/\d+/sources", False),
    (r"POST /monitors/m\d+/import", True),
]
MORE_CALLS = [
    ("POST /collectors$", False),
    ("POST /collectors$", True),
    ("GET /fields", False),
    ("POST /fields", False),
    ("POST /extractionRules", False),
    ("POST /extractionRules", True),
    (r"POST /collectors/\d+/sources", True),
    ("POST /monitors/root/import", False),
    ("POST /monitors/root/import", True),
    ("GET /monitors/root", False),
]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "access id or the access key"),
        (403, "capabilities"),
        (409, "run this again"),
        (429, "wait a minute"),
        (400, "ordered see <URL>"),
        (500, "later"),
    ],
)
def test_a_refusal_names_its_cause(sumo: FakeSumo, aws: str, status: int, words: str) -> None:
    """The first call fails: code 4. A 429 is repeated before."""
    del aws
    for _ in range(6 if status == 429 else 1):
        sumo.fail("GET /collectors", status)
    environment = {ACCESS_ID: ACCESS[0], ACCESS_KEY: ACCESS[1], BASE_URL: sumo.url}
    with pytest.raises(CommandError) as error:
        set_up(
            read_settings(CONFIG), Console(), dry_run=False, remove=False, client=connect(environment, pause_secs=0.001)
        )
    assert error.value.code is ExitCode.UNAVAILABLE
    assert words in str(error.value)
    assert str(status) in str(error.value)
    assert "Before that, no change was made." in str(error.value)


def test_a_call_that_was_one_too_many_is_repeated(sumo: FakeSumo, setup: Setup) -> None:
    """Two answers of 429 are no failure, of a write neither."""
    sumo.fail("GET /fields", 429)
    sumo.fail("POST /fields", 429)
    assert setup().exit_code == 0


@pytest.mark.parametrize(
    ("call", "after"), [*CALLS, *(pytest.param(*each, marks=pytest.mark.e2e) for each in MORE_CALLS)]
)
def test_half_way_and_again(sumo: FakeSumo, setup: Setup, call: str, *, after: bool) -> None:
    """The run names finished changes, and the next one makes the rest, even if a write was done but not answered."""
    sumo.fail(call, 500, after=after)
    failed = setup()
    assert failed.exit_code == (4 if call in CHECKED_FIRST else 1)
    assert "run the same command again" in failed.stderr
    if call.startswith("POST"):
        assert "It is not known whether this was done: create the" in failed.stderr
    if call not in CHECKED_FIRST:
        assert f"created the collector {next(iter(sumo.named('collectors')))}" in failed.stderr
    assert setup().exit_code == 0
    sumo.writes.clear()
    assert setup("--remove").exit_code == 0
    assert sumo.named("fields") == {"_custom"}
    assert not sumo.collectors


@pytest.mark.parametrize(("status", "words"), [(403, "capabilities"), (409, "someone changed this one")])
def test_a_refusal_half_way_names_both(sumo: FakeSumo, setup: Setup, status: int, words: str) -> None:
    """The cause, and the changes before it."""
    sumo.fail("POST /extractionRules", status)
    failed = setup()
    assert failed.exit_code == 1
    assert words in failed.stderr
    assert "Before that: created the collector" in failed.stderr
    assert "created the field endpointname" in failed.stderr


def test_a_failed_removal_is_finished_by_the_next_one(sumo: FakeSumo, setup: Setup) -> None:
    """Fields go before the collector, whose description lists them."""
    before = sumo.state
    setup()
    sumo.fail("DELETE /fields", 500)
    assert setup("--remove").exit_code == 1
    assert setup("--remove").exit_code == 0
    assert sumo.state == before


def test_a_secret_that_cannot_be_written(sumo: FakeSumo, setup: Setup) -> None:
    """Its value is no object, so it has no place for a key; the value is not shown."""
    boto3.client("secretsmanager").create_secret(Name="sumo/urls", SecretString="plain-text-of-others")
    failed = setup()
    assert failed.exit_code == 1
    assert "the secret sumo/urls is no JSON object" in failed.stderr
    assert "plain-text-of-others" not in failed.output
    assert TOKEN not in failed.output
    assert sumo.named("sources")


@pytest.mark.parametrize("address", ["http://127.0.0.1:x@other.example.com/api", "http://api.example.com", "api"])
def test_the_key_is_sent_over_tls_only(setup: Setup, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The part before `@` is a name and a password, not the host."""
    monkeypatch.setenv(BASE_URL, address)
    refused = setup()
    assert (refused.exit_code, "write https://" in refused.stderr) == (2, True)


class Page(BaseHTTPRequestHandler):
    """Answers every request by a page, as a proxy does before a login."""

    def log_message(self, *_: object) -> None:
        """Write no log."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>log in</html>")


def test_the_server_is_not_sumo_logic(setup: Setup, monkeypatch: pytest.MonkeyPatch, aws: str) -> None:
    """AWS knows no such path, a proxy answers by a page, and a closed port does not answer."""
    monkeypatch.setenv(BASE_URL, f"{aws}/api")
    assert "check SUMOLOGIC_BASE_URL" in setup().stderr
    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv(BASE_URL, f"http://127.0.0.1:{server.server_port}/api")
    page = setup()
    server.shutdown()
    thread.join()
    server.server_close()
    assert (page.exit_code, "is not one of Sumo Logic's API" in page.stderr) == (4, True)
    monkeypatch.setenv(BASE_URL, "http://127.0.0.1:1/api")
    unreachable = setup()
    assert (unreachable.exit_code, "cannot be reached" in unreachable.stderr) == (4, True)


def test_the_environment_is_checked_first(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is never sent without TLS."""
    monkeypatch.setenv(BASE_URL, "http://api.eu.sumologic.com/api")
    assert setup().exit_code == 2
    monkeypatch.delenv(ACCESS_KEY)
    missing = setup()
    assert (missing.exit_code, ACCESS_KEY in missing.stderr) == (4, True)


def test_the_configuration_has_no_delivery() -> None:
    """The code is that of a wrong configuration."""
    done = run("sumo", "setup", "--config", Path("examples/observability.toml"))
    assert (done.exit_code, "[observability.sumo]" in done.stderr) == (3, True)
