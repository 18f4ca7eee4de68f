"""One line of a capture object made into ids and typed rows, or left to the plain path."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.route import IdSource, PayloadOptions, ReadingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.formats.fast.shapes import Shape
from capture_forwarder.formats.fast.sides import SideReader
from capture_forwarder.formats.fast.values import row_struct
from capture_forwarder.formats.records import SHADOW

# What `_{index}` adds to an id, at most.
_SUFFIX_CHARS = 12


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


class Ready(Struct, frozen=True, gc=False):
    """The inferences of one captured call: their time, ids and rows, each a struct of both sides' values by name."""

    time: datetime
    ids: list[str]
    rows: list[Any]


def fast_path(options: ReadingOptions, schema: ModelSchema) -> "FastPath | None":
    """Return the fast path of a route, or `None` where every record needs the plain one."""
    if _is_special(options.input) or _is_special(options.output):
        return None
    names = [attribute.name for side in (schema.inputs, schema.outputs) for attribute in side.by_name.values()]
    return FastPath(options, schema) if len(set(names)) == len(schema.attributes) else None


def _is_special(options: PayloadOptions) -> bool:
    return options.layout is not None or options.csv_header


class FastPath:
    """What lines of one route become, with one model's schema."""

    def __init__(self, options: ReadingOptions, schema: ModelSchema) -> None:
        self._by_event = options.id_source is IdSource.EVENT_ID
        self._id_chars = options.max_partner_id_chars - _SUFFIX_CHARS
        self._inputs = SideReader(schema.inputs, options.input, answers=False)
        self._outputs = SideReader(schema.outputs, options.output, answers=True)
        self._joined: dict[tuple[Shape, Shape], type[Struct]] = {}

    def __call__(self, data: bytes) -> Ready | None:
        """Return what a line becomes, or `None` if that is for the plain path to tell."""
        try:
            envelope = _decode(data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        event, sides = envelope.eventMetadata, envelope.captureData
        call_id = event.eventId if self._by_event else event.inferenceId or event.eventId
        if len(call_id) > self._id_chars or event.invocationSource == SHADOW:
            return None
        request, answer = sides.endpointInput, sides.endpointOutput
        inputs = self._inputs.read(request.data, request.encoding, request.observedContentType)
        outputs = self._outputs.read(answer.data, answer.encoding, answer.observedContentType)
        if inputs is None or outputs is None:
            return None
        (asked, rows), (answered, answers) = inputs, outputs
        count = len(rows)
        if count != len(answers):
            return None
        joined = self._joined.get((asked, answered)) or self._join(asked, answered)
        if count == 1:
            return Ready(event.inferenceTime, [call_id], [joined(*rows[0], *answers[0])])
        ids = [PartnerInferenceId.for_row(call_id, index, count) for index in range(count)]
        together = zip(rows, answers, strict=True)
        return Ready(event.inferenceTime, ids, [joined(*row, *answer) for row, answer in together])

    def _join(self, inputs: Shape, outputs: Shape) -> type[Struct]:
        """Return a struct of what stands in `inference_data`: the values of both sides, by name."""
        self._joined[inputs, outputs] = row_struct(inputs.attributes + outputs.attributes, ordered=False)
        return self._joined[inputs, outputs]
