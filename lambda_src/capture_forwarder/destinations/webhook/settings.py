"""The options of a webhook, which takes CloudEvents."""

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, field
from msgspec.structs import replace

from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.option_types import Secret, SourcePrefix

# RFC 9110: a token.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
# Headers that the client writes itself, or that end a connection.
_OWN = frozenset(
    {
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host"),
        *("keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
        *("x-capture-signature", "x-capture-timestamp"),
    }
)


class WebhookSettings(HttpSettings, frozen=True, kw_only=True, tag="webhook"):
    """One `[[destination]]` with `kind = "webhook"`: any receiver of CloudEvents 1.0 in batches of JSON."""

    headers: Annotated[
        dict[str, Secret],
        Meta(
            title='a table of headers and references to secrets, { Authorization = "ssm:/token" }',
            description="Headers whose values are secrets, such as `Authorization`; each has the whole value, with "
            "`Bearer` if the receiver wants it",
        ),
    ] = field(default_factory=dict)
    signing_secret: Annotated[
        Secret | None,
        Meta(description="Reference to the key that signs each request with HMAC-SHA256; by default none is signed"),
    ] = None
    source_prefix: Annotated[
        SourcePrefix,
        Meta(
            description="Text in front of the endpoint's name in `source`, such as "
            "`arn:aws:sagemaker:eu-west-1:123456789012:endpoint/`"
        ),
    ] = ""

    @property
    def limits(self) -> BatchLimits:
        """The limits of requests; CloudEvents forbids control characters in an id."""
        return replace(super().limits, printable_ids=True)

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets, by option."""
        options = ((f"headers.{name}" if _HEADER.fullmatch(name) else "headers", name) for name in self.headers)
        headers = {option: self.headers[name] for option, name in options}
        return headers | ({"signing_secret": self.signing_secret} if self.signing_secret else {})

    def problems(self) -> Iterator[str]:
        """Yield the problems of options of this kind."""
        for name in self.headers:
            if not _HEADER.fullmatch(name):
                yield "headers: write names of headers in letters, digits and - only"
            elif name.lower() in _OWN:
                yield f"headers.{name}: remove it; the function writes this header itself"
        if len({name.lower() for name in self.headers}) < len(self.headers):
            yield "headers: remove one of two headers with the same name; case does not matter"
