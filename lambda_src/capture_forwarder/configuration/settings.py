"""`forwarder.toml`, typed: what the Lambda, the stack and the command line share.

Every field is one option of the file. `settings_file` reads and checks it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from capture_forwarder.configuration.stack import BucketName, BucketSettings, StackSettings
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

CONFIG_VARIABLE = "CAPTURE_FORWARDER_CONFIG"  # names the file to read, where it is not the deployed one
SETTINGS_NAME = "forwarder.json"  # the deployed one: checked settings, beside the package

Name = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", description="letters, digits, . _ -; at most 63")
]
Text = Annotated[str, Meta(min_length=1)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]


class Compression(StrEnum):
    """What requests are sent as."""

    NONE = "none"
    GZIP = "gzip"


class DestinationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[destination]]`: a monitoring API."""

    name: Name
    kind: Annotated[str, Meta(pattern="^arthur$", description='"arthur"')]
    url: Annotated[str, Meta(pattern=r"^https?://[^/\s]+", description="https://host, without /api/v3")]
    secret: Annotated[
        str,
        Meta(
            pattern=r"^(secretsmanager|ssm|env):.+$",
            description='"secretsmanager:NAME", "ssm:/NAME" or, outside AWS, "env:VARIABLE"; never the token itself',
        ),
    ]
    organization_id: Text | None = None
    max_inferences: Positive = 1000
    max_bytes: Positive = 5_000_000
    max_in_flight: Annotated[int, Meta(ge=1, le=64)] = 8
    connect_timeout_secs: Seconds = 5.0
    read_timeout_secs: Seconds = 30.0
    ca_bundle: Text | None = None
    compression: Compression = Compression.NONE

    @property
    def limits(self) -> BatchLimits:
        """What one request to it may hold."""
        return BatchLimits(self.max_inferences, self.max_bytes)


class RouteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[route]]`: captures under a prefix, and the model that they are inferences of."""

    name: Name
    bucket: BucketName
    prefix: Annotated[
        str, Meta(pattern="^(|.*/)$", description='a prefix that ends with "/": "churn" would match churn-v2/ too')
    ]
    suffix: Annotated[str, Meta(pattern=r"^\.[A-Za-z0-9.]{1,30}$", description='how keys end, ".jsonl"')] = ".jsonl"
    destination: Name
    model_id: Text
    schema: Annotated[str, Meta(pattern="^(none|model)$", description='"none" or "model"')] = "none"
    attribute: tuple[Attribute, ...] = ()
    id_source: IdSource = IdSource.INFERENCE_ID
    one_sided: OneSided = OneSided.REJECT
    unknown_attributes: UnknownAttributes = UnknownAttributes.REJECT
    quarantine_payload: bool = True
    input_content_type: Text | None = None
    output_content_type: Text | None = None
    input_layout: Layout | None = None
    output_layout: Layout | None = None
    input_csv_header: bool = False
    output_csv_header: bool = False

    @property
    def route(self) -> Route:
        """The route as the use case knows it."""
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
            destination=self.destination,
            model_id=self.model_id,
            schema=ModelSchema(self.attribute) if self.attribute else None,
            schema_from_model=self.schema == "model",
            quarantine_payload=self.quarantine_payload,
            decoding=decoding,
        )


class FunctionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[function]`: limits of one invocation."""

    max_line_bytes: Positive = 64 * 1024 * 1024
    checkpoint_secs: Seconds = 20.0
    first_delay_secs: Annotated[int, Meta(ge=0, le=900)] = 30


class Resources(Struct, frozen=True, kw_only=True):
    """What the stack makes and names to the function through its environment; each is optional outside AWS."""

    progress_table: str | None = None
    quarantine_bucket: str | None = None
    queue_url: str | None = None
    backfill_queue_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Resources":
        """Return what `environment` names."""
        return cls(**{name: environment.get(variable) or None for name, variable in RESOURCE_VARIABLES.items()})


RESOURCE_VARIABLES = {name: f"CAPTURE_FORWARDER_{name.upper()}" for name in Resources.__struct_fields__}


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    destination: tuple[DestinationSettings, ...]
    route: tuple[RouteSettings, ...]
    function: FunctionSettings = field(default_factory=FunctionSettings)
    stack: StackSettings = field(default_factory=StackSettings)
    bucket: tuple[BucketSettings, ...] = ()

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route as the use case knows it."""
        return tuple(settings.route for settings in self.route)

    @property
    def buckets(self) -> dict[str, BucketSettings]:
        """What is known of every bucket that a route names, in the order of the file."""
        said = {bucket.name: bucket for bucket in self.bucket}
        return {route.bucket: said.get(route.bucket) or BucketSettings(name=route.bucket) for route in self.route}
