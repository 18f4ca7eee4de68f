"""`inspect --destination`: the requests that a capture file would become, without sending or reading a secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from tests.support.captures import capture, csv_side, json_side
from tests.support.destinations import KINDS

_CONFIG = """
[[destination]]
name = "one"
kind = "{kind}"
url = "https://host.example.com/a"
compression = "gzip"
max_inferences = 2
{options}

[[route]]
name = "r"
bucket = "captures"
prefix = "p/"
destination = "one"
model_id = "m"
"""
_OPTIONS = {
    "arthur": 'secret = "ssm:/t"',
    "arthur-raw": 'secret = "ssm:/t"',
    "webhook": 'headers = { Authorization = "ssm:/t" }',
}
_URLS = {
    "arthur": "https://host.example.com/a/api/v3/models/m/inferences",
    "arthur-raw": "https://host.example.com/a/api/v3/models/m/inferences/integrations/sagemaker_data_capture",
    "webhook": "https://host.example.com/a",
}


def run(folder: Path, kind: str, *arguments: str) -> Result:
    """Inspect a file of three calls, of which one cannot be read."""
    config, file = folder / "forwarder.toml", folder / "churn" / "v" / "2026" / "01" / "02" / "03" / "a.jsonl"
    config.write_text(_CONFIG.format(kind=kind, options=_OPTIONS[kind]), encoding="utf-8")
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        capture(csv_side("1"), csv_side("2"), eventId="first"),
        b"no json",
        capture(json_side({"a": "\x1b[31m\u202e"}), csv_side("2"), eventId="second"),
        capture(csv_side("3"), csv_side("4"), eventId="third"),
    ]
    file.write_bytes(b"\n".join(lines))
    given = ["inspect", str(file), "--config", str(config), "--destination", "one", *arguments]
    return CliRunner().invoke(app, given)


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_is_shown_as_it_would_be_sent(tmp_path: Path, kind: str) -> None:
    """The limits cut it, the address is the real one, and references stand in the place of secrets."""
    done = run(tmp_path, kind, "--json")
    assert done.exit_code == 0, done.output
    requests: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["inferences"] for one in requests] == [2, 1]
    for one in requests:
        assert (one["kind"], one["method"], one["url"]) == ("request", "POST", _URLS[kind])
        assert (one["headers"]["Authorization"], one["headers"]["Content-Encoding"]) == ("<ssm:/t>", "gzip")
    assert all(name in requests[at]["body"] for name, at in (("first", 0), ("second", 0), ("third", 1)))
    assert ("churn/v" in requests[0]["body"]) == (kind == "webhook")
    assert "1 line(s) or row(s) are rejected" in done.stderr


def test_a_terminal_shows_captured_text_escaped(tmp_path: Path) -> None:
    """It may hold control characters."""
    done = run(tmp_path, "webhook")
    assert done.exit_code == 0
    assert "(2 inferences)" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_an_unknown_destination_is_named(tmp_path: Path) -> None:
    """Those of the configuration follow."""
    done = run(tmp_path, "webhook", "--destination", "two")
    assert done.exit_code == 2
    assert "no destination is named two; there are one" in done.stderr


def test_the_key_of_a_file_is_that_of_its_object(tmp_path: Path) -> None:
    """It decides the route, and what the requests say of their source."""
    for key in ("p/other/v/2026/01/02/03/a.jsonl", "s3://captures/p/other/v/2026/01/02/03/a.jsonl"):
        done = run(tmp_path, "webhook", "--json", "--key", key)
        assert done.exit_code == 0, done.output
        assert "other/v" in json.loads(done.stdout.splitlines()[0])["body"]
        assert "churn/v" not in done.stdout


def test_a_limit_of_rows_does_not_cut_requests(tmp_path: Path) -> None:
    """A request is shown whole."""
    done = run(tmp_path, "webhook", "--limit", "1")
    assert done.exit_code == 2
    assert "--limit counts rows" in done.stderr
