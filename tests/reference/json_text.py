"""JSON documents, one or one a line (section 1 of the rule)."""

import json
from math import isfinite
from typing import Any

from tests.reference.model import Body, NameTwice, Rejected

MAX_NUMBER = 10**308


def whole_pairs(text: str) -> str:
    """Join surrogate pairs, and replace half a pair by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def parsed(text: str) -> Any:
    """Return one JSON document; an object or list in quotes is decoded once more."""
    document = decoded(text)
    if isinstance(document, str) and document.strip()[:1] in ("{", "["):
        try:
            return decoded(document)
        except NameTwice:
            raise
        except Rejected:
            pass
    return document


def decoded(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = {whole_pairs(name): value for name, value in pairs}
        if len(found) < len(pairs):
            raise NameTwice
        return found

    def number(text: str) -> float | None:
        return float(text) if isfinite(float(text)) else None

    try:
        return clean(json.loads(text, object_pairs_hook=unique, parse_float=number, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        raise Rejected("bad_json", "no JSON") from None


def clean(value: Any) -> Any:
    """Replace half surrogate pairs in texts, and whole numbers that no float holds by null."""
    if isinstance(value, str):
        return whole_pairs(value)
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {name: clean(one) for name, one in value.items()}
    return None if isinstance(value, int) and abs(value) > MAX_NUMBER else value


def json_or_lines(text: str) -> Body:
    """Return the one document, or the documents of two or more lines."""
    try:
        return Body("json", parsed(text))
    except NameTwice:
        raise
    except Rejected:
        pass
    lines = json_lines(text)
    if len(lines) < 2:
        raise Rejected("bad_json")
    return Body("lines", lines)


def json_lines(text: str) -> list[Any]:
    return [parsed(line) for line in text.split("\n") if line.strip()]


def lines_or_json(text: str) -> Body:
    """Return the documents of the lines, or one document over several lines."""
    try:
        lines = json_lines(text)
    except NameTwice:
        raise
    except Rejected:
        return Body("json", parsed(text))
    if not lines:
        raise Rejected("bad_json", "empty")
    return Body("lines", lines)
