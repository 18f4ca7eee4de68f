"""The shape of one payload: its statement about rows, before both sides are read together (`docs/formats.md`)."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.tables import Table


class Says(StrEnum):
    """The statement of a payload: `count` rows, for certain or not; one call; or the other side decides."""

    FIXED = "fixed rows"
    ROWS = "rows"
    CALL = "one call"
    OPEN = "open"


class Shape(Struct, frozen=True, gc=False):
    """The shape of one payload: `count` rows (or values, if it is open), their place, and the document as one row.

    `subject` names the place of the rows for sentences. `is_bare`: values without a name. `is_alone`: no value
    lies beside the open ones. `is_ragged`: lists of different lengths. `has_lines`: the text has lines. `never_one`:
    the payload is never one row.
    """

    says: Says
    count: int
    subject: str
    layout: Layout
    document: JsonValue
    table: Table | None = None
    is_bare: bool = False
    is_alone: bool = False
    is_ragged: bool = False
    is_closed: bool = False
    is_frame: bool = False
    is_arrays: bool = False
    has_lines: bool = False
    never_one: bool = False
    left_out: int = 0

    @property
    def has_rows(self) -> bool:
        """Whether the payload says rows, for certain or not."""
        return self.says is Says.FIXED or self.says is Says.ROWS

    @property
    def is_batch(self) -> bool:
        """Whether the payload has lines or rows, so that lists of one on the other side are batches of one."""
        return self.has_lines or self.has_rows


def call_shape(document: JsonValue, subject: str, layout: Layout = Layout.OBJECT, **flags: Any) -> Shape:
    """Return the shape of a payload that is one call."""
    return Shape(Says.CALL, 1, subject, layout, document, **flags)


def fixed(table: Table, subject: str, layout: Layout, document: JsonValue, left_out: int = 0) -> Shape:
    """Return the shape of a payload with rows for certain."""
    left_out += table.left_out
    return Shape(Says.FIXED, table.count, subject, layout, document, table, never_one=True, left_out=left_out)


def subject_of(key: str) -> str:
    """Return the words for the list under a key."""
    return f"the list under {key[:64]!a}"
