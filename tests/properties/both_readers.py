"""The reader of the project beside the reference, on one call of a capture."""

import json
from typing import Any

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Rejection
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from tests.reference.model import Named, Options, Refused, Rejected, Row, Side
from tests.reference.reading import read

Rows = list[Row] | Rejected


def by_reference(request: dict[str, Any] | None, answer: dict[str, Any] | None, options: Options | None = None) -> Rows:
    """Return the result of the reference for the two sides of a record."""
    return as_whole(read(side_of(request), side_of(answer), options))


def by_project(path: PlainPath, line: bytes) -> Rows:
    """Return the result of the project for a capture line."""
    outcome = path(Line(1, 0, len(line), line))
    if isinstance(outcome, Rejection):
        return Rejected(outcome.code.value, outcome.why)
    assert isinstance(outcome, Decoded), outcome
    return as_whole([_row(row) for row in outcome.rows])


def _row(row: Any) -> Row:
    return Refused(row.code.value) if isinstance(row, Rejection) else (row.inputs, row.outputs)


def side_of(side: dict[str, Any] | None) -> Side | None:
    """Return a side of a record as the reference takes it."""
    return Side(side["data"], side["encoding"], side["observedContentType"]) if side else None


def as_whole(rows: Rows) -> Rows:
    """Return a call as rejected if all its rows are."""
    if isinstance(rows, list) and rows and all(isinstance(row, Refused) for row in rows):
        return Rejected(next(row.code for row in rows if isinstance(row, Refused)))
    return rows


def shown(rows: Rows) -> list[tuple[Named, Named] | None] | None:
    """Return the inferences of a call without codes: a rejected row is `None`, and so is a rejected call."""
    return None if isinstance(rows, Rejected) else [row if isinstance(row, tuple) else None for row in rows]


def exact(rows: list[tuple[Named, Named] | None] | None) -> str:
    """Return rows as a text where 1, 1.0 and true differ; the order of names does not count."""
    return json.dumps(rows, sort_keys=True, ensure_ascii=False)


def code_of(rows: Rows) -> str:
    """Return the code of a rejected call, or `None`."""
    return rows.code if isinstance(rows, Rejected) else ""
