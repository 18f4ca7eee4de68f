"""`forwarder.toml` as types: the function, the stack and the commands share them.

A field is an option of the file, and its `description` is the option's meaning. Where the limits of a type do not
describe its values, its `title` does. The check, the reference page and the JSON Schema use both.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from capture_forwarder.configuration.option_types import (
    HeaderText,
    Name,
    Positive,
    ProxyUrl,
    Seconds,
    Secret,
    Text,
    Url,
)
from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.configuration.stack import BucketSettings, KeyArn, StackSettings, Unrouted
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.route import Route


class DestinationKind(StrEnum):
    """The API of a destination."""

    ARTHUR = "arthur"


class Compression(StrEnum):
    """The encoding of requests."""

    NONE = "none"
    GZIP = "gzip"


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
    max_in_flight_bytes: Annotated[
        Positive, Meta(description="Most bytes in requests at the same time; one request may have more")
    ] = 16_000_000
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
