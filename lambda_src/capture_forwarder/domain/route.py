"""The destination of captures, and the options for reading their payloads."""

from enum import StrEnum

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject, Encoding
from capture_forwarder.domain.schema import ModelSchema

# Metadata of a call are inputs whose names begin like this.
METADATA_PREFIX = "metadata."


class Layout(StrEnum):
    """How rows lie inside a payload; `docs/formats.md` has the rules.

    `whole` makes the payload one row, and `arrays` makes the elements of its list columns.
    """

    ROWS = "rows"
    DATAFRAME_SPLIT = "dataframe_split"
    KSERVE = "kserve"
    VECTOR = "vector"
    COLUMNS = "columns"
    INSTANCES = "instances"
    LIST = "list"
    OBJECT = "object"
    WHOLE = "whole"
    ARRAYS = "arrays"


class IdSource(StrEnum):
    """The id of a call: the caller's inference id where there is one, or always SageMaker's event id."""

    INFERENCE_ID = "inference-id"
    EVENT_ID = "event-id"


class OneSided(StrEnum):
    """Reject a call with a missing, binary or failed side, or forward the other side."""

    REJECT = "reject"
    FORWARD = "forward"


class UnknownAttributes(StrEnum):
    """Reject a row with a named value that the model's schema does not have, or drop the value."""

    REJECT = "reject"
    DROP = "drop"


class CsvSpace(StrEnum):
    """Keep or remove the space around text in CSV cells; `auto` keeps it, but for attributes that are categories."""

    AUTO = "auto"
    KEEP = "keep"
    TRIM = "trim"


class EmptyText(StrEnum):
    """Send an empty CSV cell of a text attribute as null, or as empty text."""

    NULL = "null"
    KEEP = "keep"


class RowForm(StrEnum):
    """How a destination takes the inferences of a call.

    In one flat row, in a row with inputs and outputs apart, or in the captured line as it is.
    """

    FLAT = "flat"
    APART = "apart"
    LINES = "lines"


class PayloadOptions(Struct, frozen=True):
    """Options of a route for one direction of a call; each overrides detection.

    `rows` is the path of the list of rows, as in `body.instances`. Values under `call_keys` belong to the whole call.
    """

    content_type: str | None = None
    layout: Layout | None = None
    csv_header: bool | None = None
    csv_delimiter: str | None = None
    rows: str | None = None
    call_keys: tuple[str, ...] = ()


class DecodingOptions(Struct, frozen=True, kw_only=True):
    """Options of a route for decoding captures; `metadata` are the keys of `eventMetadata` that are sent as inputs.

    The last four are what the route's destination takes.
    """

    input: PayloadOptions = PayloadOptions()
    output: PayloadOptions = PayloadOptions()
    id_source: IdSource = IdSource.INFERENCE_ID
    one_sided: OneSided = OneSided.REJECT
    unknown_attributes: UnknownAttributes = UnknownAttributes.REJECT
    csv_space: CsvSpace = CsvSpace.AUTO
    empty_text: EmptyText = EmptyText.NULL
    metadata: tuple[str, ...] = ()
    max_partner_id_chars: int = 255
    form: RowForm = RowForm.FLAT
    refused_encodings: tuple[Encoding, ...] = ()
    encoding_advice: str = ""


class Route(Struct, frozen=True, kw_only=True):
    """Captures of one bucket by the prefix and suffix of their keys, their destination and model.

    `schema` is set when the configuration lists the attributes; with `schema_from_model` the destination is asked for
    them. With `quarantine_payload` the captured line is stored beside its rejection.
    """

    name: str
    bucket: str
    prefix: str
    suffix: str = ""
    destination: str
    model_id: str
    schema: ModelSchema | None = None
    schema_from_model: bool = False
    quarantine_payload: bool = True
    decoding: DecodingOptions = DecodingOptions()

    def covers(self, source: CaptureObject) -> bool:
        """Tell whether `source` has this route's bucket, and its key the prefix and the suffix."""
        key = source.key
        return source.bucket == self.bucket and key.startswith(self.prefix) and key.endswith(self.suffix)


# The route in the names of quarantine files of objects that no route covers.
UNROUTED = "unrouted"


class NoRoute(StrEnum):
    """Why an object has no route."""

    SKIPPED = "no route has the suffix of its key, or the bucket skips it"
    UNROUTED = "no route covers its key: add a route for it, or a longer prefix to the bucket's events"
    UNKNOWN_BUCKET = "no route names its bucket: add a route for it, or stop the sender of its events"


class Router:
    """Finds the route of an object. Routes may nest.

    Of the routes that cover an object the longest prefix wins, and of those with one prefix the longest suffix. Objects
    of the buckets in `skipped` that no route covers are skipped: other programs store objects there too.
    """

    def __init__(self, routes: tuple[Route, ...], skipped: frozenset[str] = frozenset()) -> None:
        self._routes = sorted(routes, key=lambda route: (len(route.prefix), len(route.suffix)), reverse=True)
        self._buckets = {route.bucket for route in routes}
        self._skipped = skipped

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of `source`, or `None` if no route covers it."""
        return next((route for route in self._routes if route.covers(source)), None)

    def why_no_route(self, source: CaptureObject) -> NoRoute:
        """Return why no route covers `source`."""
        if source.bucket not in self._buckets:
            return NoRoute.UNKNOWN_BUCKET
        if source.bucket in self._skipped or any(
            route.bucket == source.bucket and source.key.startswith(route.prefix) for route in self._routes
        ):
            return NoRoute.SKIPPED
        return NoRoute.UNROUTED
