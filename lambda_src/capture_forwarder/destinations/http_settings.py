"""The options that every destination has which is reached over HTTP. A destination's settings add their own.

This module and the `settings` of destinations import the domain only, so that the stack can read them.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.option_types import KeyArn, Name, Positive, ProxyUrl, Seconds, Text, Url


class Compression(StrEnum):
    """The encoding of requests."""

    NONE = "none"
    GZIP = "gzip"


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One `[[destination]]`: an API that monitors models. The tag of a subclass is its `kind`.

    `knows_schemas` says whether the API can be asked for the attributes of a model, `takes_lines` whether it takes
    captured lines as they are, instead of rows.
    """

    knows_schemas: ClassVar[bool] = False
    takes_lines: ClassVar[bool] = False

    name: Annotated[Name, Meta(description="Name of the destination in routes, logs and metrics")]
    url: Annotated[Url, Meta(description="Address of the API; plain `http` is for loopback addresses only")]
    secret_kms_key_arn: Annotated[
        KeyArn | None, Meta(description="Key of its secrets, if it is neither AWS's nor the stack's")
    ] = None
    max_inferences: Annotated[Positive, Meta(description="Most inferences in one request")] = 1000
    max_bytes: Annotated[
        Positive, Meta(description="Most bytes in one request, before compression; one inference may be larger")
    ] = 5_000_000
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
        """The limits of requests, rows and values; shared code enforces them."""
        return BatchLimits(self.max_inferences, self.max_bytes)

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets, by the path of their option, such as `secret`."""
        return {}

    def problems(self) -> Iterator[str]:
        """Yield the problems of options of this kind, each sentence with the name of its option in front."""
        yield from ()
