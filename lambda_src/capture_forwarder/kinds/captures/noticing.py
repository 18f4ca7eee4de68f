"""Notes about calls that can be read: inference ids that are used again, and layouts that change."""

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureRecord, Payload
from capture_forwarder.domain.conservation import ReadingCounts
from capture_forwarder.kinds.captures.reading import Reading

# About 2 MB of ids. An id that is used again after so many others is not noticed.
_MAX_IDS = 10_000
# Content types are captured data: limits keep hostile ones from filling the memory.
_MAX_DECLARATIONS = 64
_MAX_READINGS = 16

_Declared = tuple[str, str | None] | None


class LeftOut(Struct):
    """Counts the values of calls that are not data."""

    count: int = 0

    def take(self) -> int:
        """Return the count since it was last taken; it is taken once a span."""
        count, self.count = self.count, 0
        return count


class InferenceIds:
    """Counts calls whose inference id an earlier call had with other content.

    Callers choose these ids, and some count anew from 0 in every batch. The monitoring platform then keeps the first
    content of an id only. A call that was captured twice, or sent again by its caller, has the same content.
    """

    def __init__(self) -> None:
        self._contents: dict[str, int] = {}
        self._reused = 0

    def see(self, inference_id: str, request: str | None, response: str | None) -> None:
        """Remember the content of a call. It is called for every line, so it holds 64 bits of the content only."""
        content = hash((request, response))
        if self._contents.setdefault(inference_id, content) != content:
            self._reused += 1

    def see_call(self, record: CaptureRecord, call_id: str) -> None:
        """Remember the content of a call, if its id is an inference id."""
        if call_id == record.inference_id:
            self.see(call_id, _data(record.input), _data(record.output))

    def take(self) -> int:
        """Return the count since it was last taken; it is taken once a span."""
        if len(self._contents) > _MAX_IDS:
            self._contents.clear()
        reused, self._reused = self._reused, 0
        return reused


class LayoutChanges:
    """Counts records that are read in another way than all earlier records with the same encodings and types."""

    def __init__(self) -> None:
        self._seen: dict[tuple[_Declared, _Declared], set[Reading]] = {}

    def count(self, record: CaptureRecord, reading: Reading, unlearned: Reading | None) -> int:
        """Return 1 if `reading` is new for records that are declared like `record`, and not that of the first one.

        `unlearned` is how the compiled path read such records without having learned it from one. It may be new, too.
        """
        declaration = (_declared(record.input), _declared(record.output))
        if declaration not in self._seen and len(self._seen) >= _MAX_DECLARATIONS:
            self._seen.clear()
        seen, changes = self._seen.setdefault(declaration, set()), 0
        for one in (unlearned, reading):
            if one is not None and one not in seen:
                changes += bool(seen)
                if len(seen) >= _MAX_READINGS:
                    seen.clear()
                seen.add(one)
        return changes


class Noticing:
    """Collects notes about the calls of one route.

    `ids` are those that both paths see; `left_out` counts the values of calls of the compiled path that are not data.
    """

    def __init__(self, ids: InferenceIds, left_out: LeftOut | None = None) -> None:
        self._ids = ids
        self._left_out = left_out or LeftOut()
        self._layouts = LayoutChanges()

    def of_lines(self, count: int) -> ReadingCounts:
        """Return the notes since the last span, of `count` lines of the compiled path."""
        return ReadingCounts(self._left_out.take(), self._ids.take(), compiled=count)

    def of_call(
        self, record: CaptureRecord, call_id: str, reading: Reading, unlearned: Reading | None, *, left_out: int
    ) -> ReadingCounts | None:
        """Return the notes since the last span, and about a call of the plain path."""
        self._ids.see_call(record, call_id)
        changed_layouts = self._layouts.count(record, reading, unlearned)
        reused_ids = self._ids.take()
        if left_out or reused_ids or changed_layouts:
            return ReadingCounts(left_out, reused_ids, changed_layouts)
        return None


def _declared(payload: Payload | None) -> _Declared:
    return (payload.encoding, payload.content_type) if payload else None


def _data(payload: Payload | None) -> str | None:
    return payload.data if payload else None
