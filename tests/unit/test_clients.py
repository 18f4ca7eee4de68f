"""The clients of AWS: each is made by the one session, with explicit timeouts."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import capture_forwarder
import capture_ops
from capture_forwarder.aws import session
from capture_forwarder.aws.session import CONFIG

SOURCES = [path for package in (capture_forwarder, capture_ops) for path in Path(package.__path__[0]).rglob("*.py")]


def clients(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every expression that makes a client, and the options that it gives."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        maker, options = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
        if maker.endswith((".client", ".resource")):
            yield maker, options.get("config", "none")


def test_every_client_has_the_options_of_the_session() -> None:
    """By default botocore waits a minute for a connection, and tries again without a word."""
    found = [client for path in SOURCES for client in clients(path)]
    assert {maker for maker, _ in found} == {"aws_session().client"}
    assert [options for _, options in found if options.partition(".")[0] != "CONFIG"] == []
    assert len(found) > 10


def test_the_session_is_made_in_one_place() -> None:
    """No other module can make a client of its own."""
    importing = [path for path in SOURCES if "import boto3" in path.read_text(encoding="utf-8")]
    assert importing == [Path(session.__file__)]


def test_the_options_limit_every_wait() -> None:
    """Four attempts to connect take less than the shortest invocation, so that the function can report the error."""
    options: Any = CONFIG  # its attributes are set at run time
    assert (options.connect_timeout, options.read_timeout) == (5, 10)
    assert options.retries == {"mode": "standard", "total_max_attempts": 4}
    assert 4 * options.connect_timeout < 30
