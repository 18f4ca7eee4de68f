"""Events that a webhook receives: CloudEvents 1.0 in a batch, each with one inference; pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.inference import Inference
from capture_ops.monitor.contract import InvalidBody, NewInference, PartnerId, RowAnswer

_CONTENT_TYPE = "application/cloudevents-batch+json"
_Text = Annotated[str, Meta(min_length=1)]


class EventData(Struct, forbid_unknown_fields=True):
    """The data of an event."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Event(Struct):
    """One event, with the attributes that the specification requires and those that a capture has."""

    specversion: Literal["1.0"]
    type: Literal["ai.sagemaker.inference.v1"]
    source: _Text
    id: PartnerId
    time: Annotated[datetime, Meta(tz=True)]
    modelid: _Text
    data: EventData
    subject: _Text | None = None

    @property
    def row(self) -> NewInference:
        """The inference, in one flat row."""
        inference = Inference(self.id, self.time, self.data.inputs, self.data.outputs, 0, 0)
        return NewInference(self.id, self.time, inference.data)


class EventAnswer(Struct, frozen=True):
    """The result of one event."""

    id: str
    status: int
    message: str


class EventsAnswer(Struct, frozen=True):
    """The body of a 207: one result an event, by its id."""

    results: list[EventAnswer]


_decode = msgspec.json.Decoder(list[Event]).decode


def read_events(body: bytes, content_type: str) -> list[Event]:
    """Return the events of a batch. Raises `InvalidBody`."""
    if content_type.partition(";")[0].strip().lower() != _CONTENT_TYPE:
        raise InvalidBody(f"the content type must be {_CONTENT_TYPE}")
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(str(error)) from error


def events_answer(events: Sequence[Event], results: Sequence[RowAnswer]) -> EventsAnswer:
    """Return the body of a 207."""
    pairs = zip(events, results, strict=True)
    return EventsAnswer([EventAnswer(event.id, result.status, result.message) for event, result in pairs])
