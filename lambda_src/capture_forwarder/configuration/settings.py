"""`forwarder.toml` as types: the function, the stack and the commands share them.

A field is an option of the file, and its `description` is the option's meaning. Where the limits of a type do not
describe its values, its `title` does. The check, the reference page and the JSON Schema use both.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from capture_forwarder.configuration.stack import BucketName, BucketSettings, KeyArn, StackSettings, Unrouted
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.route import (
    DecodingOptions,
    IdSource,
    Layout,
    OneSided,
    PayloadOptions,
    Route,
    UnknownAttributes,
)
from capture_forwarder.domain.schema import Attribute, ModelSchema

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", title="letters, digits, . _ -; at most 63")]
# `addresses.py` checks the rest of a URL, and `secret_reference.py` that of a reference.
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+", title="https://host, without /api/v3")]
ProxyUrl = Annotated[str, Meta(pattern=r"^https?://[^/\s]+", title="http://host:port")]
Secret = Annotated[
    str,
    Meta(
        pattern=r"^(secretsmanager|ssm|env):.+$",
        title='"secretsmanager:NAME", "ssm:/NAME" or, outside AWS, "env:VARIABLE", perhaps with "#KEY" at the end; '
        "never the token itself",
    ),
]
Prefix = Annotated[
    str, Meta(pattern="^(|.*/)$", title='a prefix that ends with "/": "churn" would match churn-v2/ too')
]
Suffix = Annotated[str, Meta(pattern=r"^\.[A-Za-z0-9.]{1,30}$", title='the end of a key, such as ".jsonl"')]
Text = Annotated[str, Meta(min_length=1)]
HeaderText = Annotated[str, Meta(pattern="^[!-~]+$", title="letters, digits and punctuation of ASCII")]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, title="seconds, more than 0")]


class DestinationKind(StrEnum):
    """The API of a destination."""

    ARTHUR = "arthur"


class Compression(StrEnum):
    """The encoding of requests."""

    NONE = "none"
    GZIP = "gzip"


class SchemaSource(StrEnum):
    """Where the attributes of a route's model come from, if the file does not list them."""

    NONE = "none"
    MODEL = "model"


class DestinationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[destination]]`: a monitoring API."""

    name: Annotated[Name, Meta(description="Name of the destination in routes, logs and metrics")]
    kind: Annotated[DestinationKind, Meta(description="API of the destination")]
    url: Annotated[Url, Meta(description="Address of the API; plain `http` is for loopback addresses only")]
    secret: Annotated[
        Secret,
        Meta(
            description="Reference to the API's token: the text at `KEY` of a JSON object. Without `#KEY` the token is "
            "the one value of a JSON object, or a text that is no JSON"
        ),
    ]
    secret_kms_key_arn: Annotated[
        KeyArn | None, Meta(description="Key of that secret, if it is neither AWS's nor the stack's")
    ] = None
    organization_id: Annotated[HeaderText | None, Meta(description="Arthur's organisation, if a token has several")] = (
        None
    )
    max_inferences: Annotated[Positive, Meta(description="Most inferences in one request")] = 1000
    max_bytes: Annotated[Positive, Meta(description="Most bytes in one request; one inference may be larger")] = (
        5_000_000
    )
    max_in_flight: Annotated[int, Meta(ge=1, le=64, description="Most requests at the same time")] = 8
    connect_timeout_secs: Annotated[
        Seconds, Meta(description="Longest time for a connection, with proxy and TLS handshake")
    ] = 5.0
    read_timeout_secs: Annotated[
        Seconds,
        Meta(
            description="Longest time from the end of sending a request to the last byte of its answer. Sending and "
            "answer together have both timeouts"
        ),
    ] = 30.0
    ca_bundle: Annotated[
        Text | None,
        Meta(
            title="the path of a PEM file, relative to this file",
            description="Certificates to trust instead of the system's; deployed with the function",
        ),
    ] = None
    proxy: Annotated[
        ProxyUrl | None,
        Meta(description="Proxy on the way to this destination only; by default that of the environment"),
    ] = None
    compression: Annotated[
        Compression, Meta(description="`gzip` needs an API that accepts `Content-Encoding: gzip`")
    ] = Compression.NONE

    @property
    def limits(self) -> BatchLimits:
        """The limits of one request."""
        return BatchLimits(self.max_inferences, self.max_bytes)


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[route]]`: captures under a prefix, and the model that they are inferences of."""

    name: Annotated[Name, Meta(description="Name of the route in quarantine, logs and metrics")]
    bucket: Annotated[BucketName, Meta(description="Bucket of the captures")]
    prefix: Annotated[
        Prefix, Meta(description="Beginning of the keys; of the routes that match a key, the longest prefix wins")
    ]
    suffix: Annotated[
        Suffix, Meta(description="End of the keys; objects below the prefix with another end are skipped")
    ] = ".jsonl"
    destination: Annotated[Name, Meta(description="Name of a `[[destination]]`")]
    model_id: Annotated[Text, Meta(description="Id of the model at the destination")]
    schema: Annotated[SchemaSource, Meta(description='"model" asks the destination for the attributes')] = (
        SchemaSource.NONE
    )
    attribute: Annotated[tuple[Attribute, ...], Meta(description="Attributes of the model")] = ()
    id_source: Annotated[
        IdSource,
        Meta(description="Id of a call: the caller's inference id if there is one, or always SageMaker's event id"),
    ] = IdSource.INFERENCE_ID
    one_sided: Annotated[
        OneSided, Meta(description="Treatment of a call with one side that is missing, binary or an error")
    ] = OneSided.REJECT
    unknown_attributes: Annotated[
        UnknownAttributes, Meta(description="Treatment of named values outside the schema")
    ] = UnknownAttributes.REJECT
    quarantine_payload: Annotated[bool, Meta(description="Store the captured line with its rejection")] = True
    input_content_type: Annotated[
        Text | None, Meta(description="Content type of requests, in place of the captured one")
    ] = None
    output_content_type: Annotated[
        Text | None, Meta(description="Content type of responses, in place of the captured one")
    ] = None
    input_layout: Annotated[Layout | None, Meta(description="Layout of rows in requests; overrides detection")] = None
    output_layout: Annotated[Layout | None, Meta(description="Layout of rows in responses; overrides detection")] = None
    input_csv_header: Annotated[bool, Meta(description="CSV requests begin with a line of names")] = False
    output_csv_header: Annotated[bool, Meta(description="CSV responses begin with a line of names")] = False

    @property
    def route(self) -> Route:
        """The route as a value of the domain."""
        decoding = DecodingOptions(
            input=PayloadOptions(self.input_content_type, self.input_layout, self.input_csv_header),
            output=PayloadOptions(self.output_content_type, self.output_layout, self.output_csv_header),
            id_source=self.id_source,
            one_sided=self.one_sided,
            unknown_attributes=self.unknown_attributes,
        )
        return Route(
            name=self.name,
            bucket=self.bucket,
            prefix=self.prefix,
            suffix=self.suffix,
            destination=self.destination,
            model_id=self.model_id,
            schema=ModelSchema(self.attribute) if self.attribute else None,
            schema_from_model=self.schema is SchemaSource.MODEL,
            quarantine_payload=self.quarantine_payload,
            decoding=decoding,
        )


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[function]`: limits of one invocation."""

    max_line_bytes: Annotated[Positive, Meta(description="A longer line is rejected unread")] = 64 * 1024 * 1024
    checkpoint_secs: Annotated[
        Seconds,
        Meta(
            description="While an object is read, its progress is saved at most once in this time, and also when its "
            "rejections take 16 MiB"
        ),
    ] = 20.0
    first_delay_secs: Annotated[
        int, Meta(ge=0, le=900, description="First delay of pending work in the queue; it doubles each time, up to 900")
    ] = 30
    give_up_days: Annotated[
        int,
        Meta(
            ge=1,
            le=12,
            description="An object that still waits for a person after so long moves to quarantine, as code `given_up`",
        ),
    ] = 7


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    destination: Annotated[tuple[DestinationSettings, ...], Meta(min_length=1, description="Monitoring APIs")]
    route: Annotated[tuple[RouteSettings, ...], Meta(min_length=1, description="Captures and their models")]
    function: Annotated[FunctionSettings, Meta(description="Limits of one invocation")] = field(
        default_factory=FunctionSettings
    )
    stack: Annotated[StackSettings, Meta(description="The stack in AWS")] = field(default_factory=StackSettings)
    bucket: Annotated[tuple[BucketSettings, ...], Meta(description="Buckets that need more than their name")] = ()

    def with_paths_in(self, folder: Path) -> "Settings":
        """Return the settings with absolute paths; a relative path is one in `folder`."""
        placed = (
            replace(one, ca_bundle=str(folder.absolute() / one.ca_bundle)) if one.ca_bundle else one
            for one in self.destination
        )
        return replace(self, destination=tuple(placed))

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route as a value of the domain."""
        return tuple(settings.route for settings in self.route)

    @property
    def buckets(self) -> dict[str, BucketSettings]:
        """The settings of every bucket that a route names, by name, in the order of the file."""
        named = {bucket.name: bucket for bucket in self.bucket}
        return {route.bucket: named.get(route.bucket) or BucketSettings(name=route.bucket) for route in self.route}

    @property
    def skipped_buckets(self) -> frozenset[str]:
        """The buckets whose objects are skipped if no route covers them."""
        return frozenset(bucket.name for bucket in self.bucket if bucket.unrouted is Unrouted.SKIP)

    def bucket_owners(self, own_account: str) -> dict[str, str]:
        """Return the account that owns each bucket of a route: the one in the file, else `own_account`."""
        return {name: bucket.account or own_account for name, bucket in self.buckets.items()}
