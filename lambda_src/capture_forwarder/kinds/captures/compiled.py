"""One line of a capture object made into ids and typed rows, or left to the plain path."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource, PayloadOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.envelope import SHADOW
from capture_forwarder.kinds.captures.pairs import Declared, Pair
from capture_forwarder.kinds.kind import EncodedRows
from capture_forwarder.payloads.compiled.sides import REFUSED, SideShapes

# What `_{index}` adds to an id, at most.
_SUFFIX_CHARS = 12
# Content types are captured data: hostile ones must not fill the memory.
_MAX_DECLARED = 64


class _Side(Struct, gc=False):
    data: str
    encoding: str = "BASE64"
    observedContentType: str | None = None  # noqa: N815 - the name on the wire


class _CaptureData(Struct, gc=False):
    endpointInput: _Side  # noqa: N815 - the name on the wire
    endpointOutput: _Side  # noqa: N815 - the name on the wire


class _EventMetadata(Struct, gc=False):
    eventId: Annotated[str, Meta(min_length=1)]  # noqa: N815 - the name on the wire
    inferenceTime: Annotated[datetime, Meta(tz=True)]  # noqa: N815 - the name on the wire
    inferenceId: str | None = None  # noqa: N815 - the name on the wire
    invocationSource: str | None = None  # noqa: N815 - the name on the wire


class _Envelope(Struct, gc=False):
    """A record with all that the fast path needs, and without what only the plain path knows."""

    captureData: _CaptureData  # noqa: N815 - the name on the wire
    eventMetadata: _EventMetadata  # noqa: N815 - the name on the wire
    groundTruthData: None = None  # noqa: N815 - the name on the wire


_decode = msgspec.json.Decoder(_Envelope).decode


def fast_path(options: DecodingOptions, schema: ModelSchema, make: RowBuilder) -> "FastPath | None":
    """Return the fast path of a route, or `None` where every record needs the plain one.

    `make` gets the values of a row as a struct of those of both sides, by name.
    """
    if _is_special(options.input) or _is_special(options.output):
        return None
    names = [attribute.name for side in (schema.inputs, schema.outputs) for attribute in side.by_name.values()]
    return FastPath(options, schema, make) if len(set(names)) == len(schema.attributes) else None


def _is_special(options: PayloadOptions) -> bool:
    return options.layout is not None or options.csv_header


class FastPath:
    """What lines of one route become, with one model's schema."""

    def __init__(self, options: DecodingOptions, schema: ModelSchema, make: RowBuilder) -> None:
        self._make = make
        self._by_event = options.id_source is IdSource.EVENT_ID
        self._id_chars = options.max_partner_id_chars - _SUFFIX_CHARS
        self._inputs = SideShapes(schema.inputs, options.input, answers=False)
        self._outputs = SideShapes(schema.outputs, options.output, answers=True)
        self._pairs: dict[Declared, Pair] = {}
        self._pair: Pair | None = None

    def __call__(self, data: bytes, ready: EncodedRows) -> int | None:
        """Add what a line becomes, and return how many rows it has; `None` if that is for the plain path to tell."""
        try:
            envelope = _decode(data)
        except REFUSED:
            return None
        event, sides = envelope.eventMetadata, envelope.captureData
        call_id = event.eventId if self._by_event else event.inferenceId or event.eventId
        if len(call_id) > self._id_chars or event.invocationSource == SHADOW:
            return None
        asked, answered = sides.endpointInput, sides.endpointOutput
        declared = (asked.encoding, asked.observedContentType, answered.encoding, answered.observedContentType)
        pair = self._pair if self._pair and self._pair.declared == declared else self._known(declared)
        rows = pair.read(asked.data, answered.data)
        if rows is None:
            return None
        make, ready.time, count = self._make, event.inferenceTime, len(rows)
        for index, row in enumerate(rows):
            partner_id = call_id if count == 1 else PartnerInferenceId.for_row(call_id, index, count)
            ready.ids.append(partner_id)
            ready.rows.append(make(partner_id, event.inferenceTime, row))
        return count

    def _known(self, declared: Declared) -> Pair:
        """Return what reads calls that are so declared; nearly always that is what read the last one."""
        if declared not in self._pairs:
            if len(self._pairs) >= _MAX_DECLARED:
                self._pairs.clear()
            readers = self._inputs.reader(*declared[:2]), self._outputs.reader(*declared[2:])
            self._pairs[declared] = Pair(declared, *readers)
        self._pair = self._pairs[declared]
        return self._pair
