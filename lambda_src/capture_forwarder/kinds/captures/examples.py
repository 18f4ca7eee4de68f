"""An example of a call, whose values are replaced by others and read again by the plain path."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureRecord, Media, Payload
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.values import JsonValue
from capture_forwarder.kinds.captures.plain import Decoded, Outcome
from capture_forwarder.kinds.captures.reading import Reading
from capture_forwarder.payloads.compiled_types import Names
from capture_forwarder.payloads.media import UTF_8
from capture_forwarder.payloads.placement import PayloadReading
from capture_forwarder.payloads.skeleton import Leaf, leaves_of, with_values

Read = Callable[[CaptureRecord], Outcome]
# By the place of a leaf: another value for it.
Changes = Mapping[int, JsonValue]
_MAX_LEAVES = 2000
# An example is read so often that learning takes less than a tenth of a second.
_MAX_RUNS, _MAX_CHARS_OF_RUNS = 200, 2_000_000


class Part(Struct, frozen=True):
    """One side of a call that is a JSON document; `start` is the place of its first leaf among those of the call."""

    document: JsonValue
    leaves: list[Leaf]
    start: int
    base64: bool

    @property
    def places(self) -> range:
        """The places of its leaves among those of the call."""
        return range(self.start, self.start + len(self.leaves))


class Result(Struct, frozen=True):
    """The rows of a call: the names of both sides, and the values of all rows, those of the request first."""

    reading: Reading
    names: tuple[Names, Names]
    count: int
    left_out: int
    values: list[Any]

    def has_form_of(self, other: "Result") -> bool:
        """Tell whether both differ in nothing but their values."""
        return replace(self, values=[]) == replace(other, values=[]) and len(self.values) == len(other.values)


def result_of(outcome: Outcome) -> Result | None:
    """Return the rows of a call; `None` if it is rejected, in part or as a whole, or its rows have different names."""
    rows = outcome.rows if isinstance(outcome, Decoded) else []
    if not isinstance(outcome, Decoded) or not all(isinstance(row, Inference) for row in rows):
        return None
    names = {(tuple(row.inputs), tuple(row.outputs)) for row in rows if isinstance(row, Inference)}
    if len(names) != 1:
        return None
    values = [
        one for row in rows if isinstance(row, Inference) for side in (row.inputs, row.outputs) for one in side.values()
    ]
    return Result(outcome.reading, names.pop(), len(rows), outcome.left_out, values)


class Example:
    """A call of which one side or both are JSON documents. Raises `ValueError` if it cannot be an example."""

    def __init__(self, decoded: Decoded, read: Read) -> None:
        found = result_of(decoded)
        if found is None:
            raise ValueError("some rows are rejected")
        self.base: Result = found
        self._record, self._read = decoded.record, read
        reading = decoded.reading
        self.request = _part(reading.request, decoded.record.input, 0)
        self.response = _part(reading.response, decoded.record.output, len(_leaves(self.request)))
        self.leaves = [*_leaves(self.request), *_leaves(self.response)]
        if not self.leaves or len(self.leaves) > _MAX_LEAVES:
            raise ValueError("no values, or too many")
        chars = sum(len(payload.data) for payload in (decoded.record.input, decoded.record.output) if payload)
        self._runs_left = min(_MAX_RUNS, _MAX_CHARS_OF_RUNS // (chars or 1))

    def part_of(self, at: int) -> Part | None:
        """Return the document that a value of the result comes from; `None` if its side is no document."""
        asked, answered = map(len, self.base.names)
        return self.request if at % (asked + answered) < asked else self.response

    def changed(self, changes: Changes) -> Result:
        """Return the rows of the call with other values. Raises `ValueError` if it is read in another way."""
        if (result := self.with_changes(changes)) is None:
            raise ValueError("values that decide how a call is read")
        return result

    def with_changes(self, changes: Changes) -> Result | None:
        """Return the rows of the call with other values; `None` if the plain path reads it in another way.

        Raises `ValueError` after too many runs.
        """
        self._runs_left -= 1
        if self._runs_left < 0:
            raise ValueError("too many runs")
        record = replace(
            self._record,
            input=_changed(self._record.input, self.request, changes),
            output=_changed(self._record.output, self.response, changes),
        )
        result = result_of(self._read(record))
        return result if result is not None and result.has_form_of(self.base) else None


def _leaves(part: Part | None) -> list[Leaf]:
    return part.leaves if part else []


def _part(reading: PayloadReading | None, payload: Payload | None, start: int) -> Part | None:
    """Return a side that is a JSON document by its declaration, and an object or a list."""
    if reading is None or payload is None or reading.body.media is not Media.JSON:
        return None
    if not reading.body.declared or reading.body.charset not in UTF_8:
        raise ValueError("a document whose form was guessed")
    document = msgspec.json.decode(text_of(payload, is_base64=reading.body.base64))
    if not isinstance(document, dict | list):
        raise ValueError("a document without values")  # noqa: TRY004 - it cannot be an example
    return Part(document, leaves_of(document), start, reading.body.base64)


def _changed(payload: Payload | None, part: Part | None, changes: Changes) -> Payload | None:
    if payload is None or part is None:
        return payload
    text = msgspec.json.encode(with_values(part.document, _values(part, changes))).decode()
    return with_text(payload, text, is_base64=part.base64)


def text_of(payload: Payload, *, is_base64: bool) -> str:
    """Return the text of a payload. Raises `ValueError` if it is not BASE64 of UTF-8 where it says so."""
    return msgspec.convert(payload.data, bytes).decode() if is_base64 else payload.data


def with_text(payload: Payload, text: str, *, is_base64: bool) -> Payload:
    """Return a payload with another text."""
    return replace(payload, data=b64encode(text.encode()).decode() if is_base64 else text)


def _values(part: Part, changes: Changes) -> Iterator[JsonValue]:
    return (changes.get(part.start + place, leaf.value) for place, leaf in enumerate(part.leaves))
