"""The options of Arthur for rows."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from capture_forwarder.destinations.arthur_platform.options import api_problems
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.option_types import HeaderText, Secret


class ArthurSettings(HttpSettings, frozen=True, kw_only=True, tag="arthur"):
    """One `[[destination]]` with `kind = "arthur"`: Arthur v3 with rows as JSON."""

    knows_schemas: ClassVar[bool] = True

    secret: Annotated[
        Secret,
        Meta(
            description="Reference to the API's token: the text at `KEY` of a JSON object. Without `#KEY` the token is "
            "the one value of a JSON object, or a text that is no JSON"
        ),
    ]
    organization_id: Annotated[HeaderText | None, Meta(description="Arthur's organisation, if a token has several")] = (
        None
    )

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets, by option."""
        return {"secret": self.secret}

    def problems(self) -> Iterator[str]:
        """Yield the problems of options of this kind."""
        return api_problems(self.url)
