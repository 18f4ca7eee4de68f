"""The pages on destinations: the receiver accepts our signature, each configuration is valid, and the example works."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.destinations.webhook.wire import signature_headers
from tests.support.answering import Answering, answering

_PAGE = Path("docs/destinations.md").read_text(encoding="utf-8")
_EXAMPLE = Path("docs/adding-a-destination.md").read_text(encoding="utf-8")
_MAX_LINES = 60
_ROUTE = '[[route]]\nname = "r"\nbucket = "captures"\nprefix = "p/"\ndestination = "{}"\nmodel_id = "m"\n'
_SCRIPT = """
import json, sys
from datetime import UTC, datetime
from capture_forwarder.bootstrap import target
from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.domain.batch import Batch
settings = parse_settings(sys.argv[1])
found = target(settings.destination[0])
row = found.destination.rows(settings.routes[0], None)("id", "now", {"a": 1})
receipt = found.destination.send(Batch("m", ["id"], json.dumps([row]).encode()), within_secs=9.0)
print(len(receipt.results), found.destination.limits.max_inferences, found.destination.limits.name_chars)
"""


def blocks(page: str, language: str) -> list[str]:
    """Return the code of a language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def server() -> Iterator[Answering]:
    """Serve for one test."""
    with answering() as found:
        yield found


@pytest.mark.parametrize("text", blocks(_PAGE, "toml"))
def test_each_configuration_is_valid(text: str) -> None:
    """With a route for it."""
    name = re.findall(r'name = "(.*)"', text)[0]
    assert parse_settings(text + _ROUTE.format(name)).destination[0].name == name


def test_the_receiver_of_the_page_accepts_what_we_sign() -> None:
    """And nothing else: another body, key or time, and a header that is no number."""
    (code,) = blocks(_PAGE, "python")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    is_genuine, now = names["is_genuine"], int(time.time())
    headers = signature_headers("key", now, b"[]")
    assert is_genuine(headers, b"[]", "key")
    assert not is_genuine(headers, b"[1]", "key")
    assert not is_genuine(headers, b"[]", "other")
    assert not is_genuine(signature_headers("key", now - 1000, b"[]"), b"[]", "key")
    assert not is_genuine(headers | {"X-Capture-Timestamp": str(now + 1)}, b"[]", "key")
    assert not is_genuine(headers | {"X-Capture-Timestamp": "now"}, b"[]", "key")
    assert not is_genuine(headers | {"X-Capture-Signature": "\u00e9"}, b"[]", "key")
    assert len(code.strip().splitlines()) <= 12


def test_the_example_of_a_destination_works(tmp_path: Path, server: Answering) -> None:
    """In a copy of the package, with nothing but the code of the page."""
    *modules, registry = blocks(_EXAMPLE, "python")
    assert sum(len([line for line in one.splitlines() if line.strip()]) for one in modules) <= _MAX_LINES
    package = tmp_path / "capture_forwarder"
    shutil.copytree("lambda_src/capture_forwarder", package, ignore=shutil.ignore_patterns("__pycache__"))
    folder = package / "destinations" / "jsonlines"
    folder.mkdir()
    for name, code in zip(("settings", "wire", "adapter"), modules, strict=True):
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    (folder / "__init__.py").touch()
    with (package / "destinations" / "registry.py").open("a", encoding="utf-8") as file:
        file.write(registry)
    server.script = [(202, {}, b"")]
    config = f'[[destination]]\nname = "d"\nkind = "jsonlines"\nurl = "{server.url}"\nsecret = "env:T"\n'
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", _SCRIPT, config + _ROUTE.format("d")],
        env={"PYTHONPATH": str(tmp_path), "T": "token"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["1", "500", "[a-z0-9_.]"], done.stderr
    ((method, path, fields, body),) = server.requests
    assert (method, path, fields["Authorization"]) == ("POST", "/rows", "Bearer token")
    assert json.loads(body) == {"id": "id", "at": "now", "values": {"a": 1}}
