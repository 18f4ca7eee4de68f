"""Arthur v3's wire contract from the side of the platform: the rows of requests and the bodies of answers; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0. Where they only say "string", the stricter documentation applies:
timestamps are ISO 8601 with a zone, ids have 1 to 255 characters.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from capture_forwarder.domain.schema import Attribute, ValueType

_MESSAGE_CHARS = 500
_CATEGORICAL = frozenset({ValueType.STRING, ValueType.BOOLEAN})

PartnerId = Annotated[str, Meta(min_length=1, max_length=255)]
Timestamp = Annotated[datetime, Meta(tz=True)]


class Model(Struct, frozen=True):
    """A model of the monitor. Without attributes it accepts scalar values of any name."""

    id: str
    name: str
    attributes: tuple[Attribute, ...] = ()


class NewInference(Struct, forbid_unknown_fields=True):
    """One row of a POST. A field outside the contract is rejected, because it would be lost."""

    partner_inference_id: PartnerId
    inference_timestamp: Timestamp
    inference_data: dict[str, Any]
    batch_id: str | None = None
    ground_truth_timestamp: Timestamp | None = None
    ground_truth_data: dict[str, Any] | None = None


class GroundTruth(Struct, forbid_unknown_fields=True):
    """One row of a PATCH: labels for an inference that was stored before."""

    partner_inference_id: PartnerId
    ground_truth_timestamp: Timestamp
    ground_truth_data: dict[str, Any]


class RowAnswer(Struct, frozen=True):
    """The result of one row. Results are in the order of the rows."""

    message: str
    status: int

    @property
    def accepted(self) -> bool:
        """Tell whether the row is in the store now."""
        return self.status == HTTPStatus.OK


class Counts(Struct, frozen=True):
    """The number of rows that were accepted, and of those that were not."""

    success: int
    failure: int
    total: int


class RowsAnswer(Struct, frozen=True):
    """The body of a 207: one result a row, in the order of the request."""

    counts: Counts
    results: list[RowAnswer]


class CaptureFailure(Struct, frozen=True):
    """An inference of an uploaded capture file that was not accepted."""

    message: str
    status: int
    event_id: str
    inference_index_in_event: int


class CapturesAnswer(Struct, frozen=True):
    """The body of a 207 for a capture file: only failures are listed."""

    counts: Counts
    failures: list[CaptureFailure]


class _AttributeAnswer(Struct, frozen=True):
    name: str
    stage: str
    value_type: str
    categorical: bool
    implicit: bool
    position: int | UnsetType = UNSET


class _CreatedBy(Struct, frozen=True):
    id: str = "capture-forwarder"
    type: str = "service-account"


class ModelAnswer(Struct, frozen=True, kw_only=True):
    """A model as `GET` shows it. An empty list of attributes is omitted, because the official client rejects it."""

    id: str
    partner_model_id: str
    display_name: str
    input_type: str = "TABULAR"
    output_type: str = "MULTICLASS"
    is_batch: bool = False
    status: str = "Ready"
    created_by: _CreatedBy = _CreatedBy()
    attributes: list[_AttributeAnswer] | UnsetType = UNSET


class InvalidBody(Exception):
    """The whole body violates the contract."""


Row = TypeVar("Row", NewInference, GroundTruth)


def read_rows(body: bytes, row_type: type[Row]) -> list[Row | RowAnswer]:
    """Return every row of a JSON array, or its rejection.

    Raises `InvalidBody` for a body that is no JSON array in UTF-8, also for a bare NaN anywhere in it.
    """
    decoder = msgspec.json.Decoder(row_type)
    try:
        return [_read_row(decoder, raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"the body is no JSON array of rows: {error}") from error


def _read_row(decoder: msgspec.json.Decoder[Row], raw: msgspec.Raw) -> Row | RowAnswer:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        return rejected([str(error)])


def rejected(problems: Sequence[str]) -> RowAnswer:
    """Return the answer for a row with `problems`."""
    return RowAnswer("; ".join(problems)[:_MESSAGE_CHARS], HTTPStatus.BAD_REQUEST)


def counts(success: int, total: int) -> Counts:
    """Return the counts of a request with `total` rows."""
    return Counts(success, total - success, total)


def rows_answer(results: list[RowAnswer]) -> RowsAnswer:
    """Return the body of a 207."""
    return RowsAnswer(counts(sum(result.accepted for result in results), len(results)), results)


def model_answer(model: Model, *, attributes: bool) -> ModelAnswer:
    """Return `model` as `GET` shows it, with its attributes if they are requested."""
    listed = [_attribute_answer(attribute) for attribute in model.attributes] if attributes else []
    return ModelAnswer(id=model.id, partner_model_id=model.name, display_name=model.name, attributes=listed or UNSET)


def _attribute_answer(attribute: Attribute) -> _AttributeAnswer:
    return _AttributeAnswer(
        name=attribute.name,
        stage=attribute.stage,
        value_type=attribute.value_type,
        categorical=attribute.value_type in _CATEGORICAL,
        implicit=attribute.implicit,
        position=UNSET if attribute.position is None else attribute.position,
    )
