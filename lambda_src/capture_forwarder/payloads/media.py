"""How the text of a payload was found."""

from msgspec import Struct

from capture_forwarder.domain.capture import Media

UTF_8 = frozenset({"utf-8", "utf8"})


class BodyForm(Struct, frozen=True):
    """How the text of a payload was found: its media type, and for BASE64 its charset.

    `declared` is false where the media type was guessed from the text. `delimiter` stands between the cells of CSV.
    """

    media: Media
    base64: bool = False
    charset: str = "utf-8"
    declared: bool = True
    delimiter: str = ","
