"""Which captures go where, and how their payloads are to be read."""

from enum import StrEnum

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.schema import ModelSchema


class Layout(StrEnum):
    """How rows lie inside a payload; `formats.table` says which content types know which."""

    ROWS = "rows"
    DATAFRAME_SPLIT = "dataframe_split"
    KSERVE = "kserve"
    VECTOR = "vector"
    COLUMNS = "columns"
    INSTANCES = "instances"
    LIST = "list"
    OBJECT = "object"


class IdSource(StrEnum):
    """What names a call: the caller's inference id where there is one, or always SageMaker's event id."""

    INFERENCE_ID = "inference-id"
    EVENT_ID = "event-id"


class OneSided(StrEnum):
    """What to do with a call of which one side is missing, binary or an error."""

    REJECT = "reject"
    FORWARD = "forward"


class UnknownAttributes(StrEnum):
    """What to do with a named value that the model's schema does not know."""

    REJECT = "reject"
    DROP = "drop"


class PayloadOptions(Struct, frozen=True):
    """What a route knows better than the record: each overrides detection for one direction."""

    content_type: str | None = None
    layout: Layout | None = None
    csv_header: bool = False


class DecodingOptions(Struct, frozen=True, kw_only=True):
    """How the captures of a route become inferences."""

    input: PayloadOptions = PayloadOptions()
    output: PayloadOptions = PayloadOptions()
    id_source: IdSource = IdSource.INFERENCE_ID
    one_sided: OneSided = OneSided.REJECT
    unknown_attributes: UnknownAttributes = UnknownAttributes.REJECT
    max_partner_id_chars: int = 255


class Route(Struct, frozen=True, kw_only=True):
    """Captures under one prefix of one bucket, their destination and model.

    `schema` is set when the configuration names the attributes; `schema_from_model` asks the destination for them.
    `quarantine_payload` keeps the captured line beside its rejection.
    """

    name: str
    bucket: str
    prefix: str
    destination: str
    model_id: str
    schema: ModelSchema | None = None
    schema_from_model: bool = False
    quarantine_payload: bool = True
    decoding: DecodingOptions = DecodingOptions()

    def covers(self, source: CaptureObject) -> bool:
        """Tell whether `source` lies under this route's prefix."""
        return source.bucket == self.bucket and source.key.startswith(self.prefix)


class Router:
    """Finds the route of an object: routes may nest, the longest prefix wins."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._routes = sorted(routes, key=lambda route: len(route.prefix), reverse=True)

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route whose prefix covers `source` most closely, or `None`."""
        return next((route for route in self._routes if route.covers(source)), None)
