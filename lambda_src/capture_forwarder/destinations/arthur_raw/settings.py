"""The options of Arthur's endpoint for captured lines as they are."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from capture_forwarder.destinations.arthur_platform.options import api_problems
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.batch import BatchLimits
from capture_forwarder.domain.capture import Encoding
from capture_forwarder.domain.option_types import HeaderText, Secret

# A request has a part of multipart/form-data around its lines.
_FRAMING_BYTES = 1024
_ADVICE = (
    'a destination with kind = "arthur" decodes it, or name the content type in the endpoint\'s '
    "CaptureContentTypeHeader, so that it is captured as text"
)


class ArthurRawSettings(HttpSettings, frozen=True, kw_only=True, tag="arthur-raw"):
    """One `[[destination]]` with `kind = "arthur-raw"`: Arthur v3 with captured lines."""

    knows_schemas: ClassVar[bool] = True
    takes_lines: ClassVar[bool] = True

    secret: Annotated[Secret, Meta(description="Reference to the API's token, as for `arthur`")]
    organization_id: Annotated[HeaderText | None, Meta(description="Arthur's organisation, if a token has several")] = (
        None
    )
    max_in_flight: Annotated[
        int, Meta(ge=1, le=64, description="Most requests at the same time; each holds up to `max_bytes`")
    ] = 4

    @property
    def limits(self) -> BatchLimits:
        """The limits of requests; the endpoint reads no BASE64."""
        return replace(
            super().limits,
            framing_bytes=_FRAMING_BYTES,
            refused_encodings=(Encoding.BASE64,),
            encoding_advice=_ADVICE,
        )

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets, by option."""
        return {"secret": self.secret}

    def problems(self) -> Iterator[str]:
        """Yield the problems of options of this kind."""
        return api_problems(self.url)
