"""One of each: an address is cut, a text is escaped, and a kind of error is named in one place, and no function twice."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = [path for folder in ("lambda_src", "capture_ops", "infra") for path in sorted(Path(folder).rglob("*.py"))]
# Shorter bodies, such as sums of two fields, are simpler than a shared function.
_LONG = 400


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module without their docstrings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node


def test_no_function_is_written_twice() -> None:
    """The same statements in two modules are changed in one of them some day."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        for function in functions(path):
            places[ast.dump(ast.Module(function.body, []))].append(f"{path}: {function.name}")
    assert len(places) > 1000
    assert [names for body, names in places.items() if len(names) > 1 and len(body) > _LONG] == []


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("(BotoCoreError, ClientError", "lambda_src/capture_forwarder/aws/errors.py"),
        (".isprintable() else", "capture_ops/terminal/text.py"),
    ],
)
def test_a_rule_has_one_module(text: str, home: str) -> None:
    """Other modules import it."""
    found = {path.as_posix() for path in SOURCES if text in path.read_text(encoding="utf-8")}
    assert found == {home}


def test_no_command_cuts_an_address_by_hand() -> None:
    """`S3Uri.parse` refuses an address without a bucket."""
    by_hand = ('removeprefix("s3://")', 'replace("s3://"', '[len("s3://")', "[5:]")
    assert [str(path) for path in SOURCES if any(cut in path.read_text(encoding="utf-8") for cut in by_hand)] == []
