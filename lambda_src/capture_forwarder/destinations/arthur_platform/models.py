"""The attributes of Arthur's models: the request, and the meaning of its answer; pure.

Source: the OpenAPI models in `arthur-client` 1.4.0 and https://docs.arthur.ai/api-documentation/v3-api-docs.html
"""

from urllib.parse import quote

import msgspec
from msgspec import Struct

from capture_forwarder.destinations.row_answers import REFUSED, TOO_LARGE, UNREADABLE
from capture_forwarder.destinations.statuses import Answer, failure_of, is_success
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.schema import Attribute, ModelSchema, Stage, ValueType

_API_PATH = "/api/v3"


class _AttributeAnswer(Struct):
    name: str
    stage: str
    value_type: str
    position: int | None = None
    implicit: bool | None = None


class _ModelAnswer(Struct):
    attributes: list[_AttributeAnswer] | None = None


_decode_model = msgspec.json.Decoder(_ModelAnswer).decode


def headers(token: str, organization_id: str | None) -> dict[str, str]:
    """Return Arthur's headers: the token without `Bearer`."""
    return {"Authorization": token} | ({"Arthur-Organization-ID": organization_id} if organization_id else {})


def path_of(model_id: str) -> str:
    """Return the path of a model."""
    return f"{_API_PATH}/models/{quote(model_id, safe='')}"


def model_path(model_id: str) -> str:
    """Return the path of a model's attributes."""
    return f"{path_of(model_id)}?id_type=id&expand=attributes"


def read_schema(answer: Answer) -> ModelSchema:
    """Return a model's attributes, without stages that captures never hold; an unknown type is sent as text.

    Raises `DestinationUnavailable` or `DestinationDenied`.
    """
    if answer.status == TOO_LARGE or answer.status in REFUSED:
        raise DestinationDenied(f"status {answer.status}: the API refuses to show the model; correct its model_id")
    if not is_success(answer.status):
        raise failure_of(answer.status, answer.retry_after_secs)
    try:
        attributes = _decode_model(answer.body).attributes
    except UNREADABLE as error:
        raise DestinationUnavailable(f"status {answer.status} without a readable model") from error
    if not attributes:
        raise DestinationDenied('the model has no attributes; give it some, or set the route\'s schema = "none"')
    stages, types = set(Stage), set(ValueType)
    return ModelSchema(
        tuple(
            Attribute(
                attribute.name,
                Stage(attribute.stage),
                ValueType(attribute.value_type) if attribute.value_type in types else ValueType.UNSTRUCTURED_TEXT,
                attribute.position,
                bool(attribute.implicit),
            )
            for attribute in attributes
            if attribute.stage in stages
        )
    )
