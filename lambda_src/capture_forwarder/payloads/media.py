"""Text and media type of a payload.

SageMaker base64-encodes every body with a content type that no CaptureContentTypeHeader lists, so most BASE64 is CSV or
JSON: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CaptureContentTypeHeader.html
"""

import binascii
from functools import lru_cache

from msgspec import Struct

from capture_forwarder.domain.capture import Encoding, Media, Payload, media_of
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.documents import parse_csv, parse_documents


class BodyForm(Struct, frozen=True):
    """How the text of a payload was found: its media type, and for BASE64 its charset.

    `declared` is false where the media type was guessed from the text.
    """

    media: Media
    base64: bool = False
    charset: str = "utf-8"
    declared: bool = True


class Body(Struct, frozen=True, gc=False):
    """The text of a payload, and how it was found."""

    form: BodyForm
    text: str


# Content types are captured data: a limit keeps hostile ones from filling the memory.
_MAX_CONTENT_TYPES = 256
_BINARY_FAMILIES = ("image/", "audio/", "video/", "font/")
_BINARY = frozenset(
    {
        "application/x-npy",
        "application/x-npz",
        "application/x-recordio-protobuf",
        "application/x-protobuf",
        "application/x-parquet",
        "application/vnd.apache.parquet",
        "application/zip",
        "application/gzip",
        "application/pdf",
    }
)
UTF_8 = frozenset({"utf-8", "utf8"})
# Python has codecs that give text that JSON cannot hold, so captured headers choose from this list only.
_CHARSETS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})


def read_body(payload: Payload, override: str | None) -> Body | Reason:
    """Return the payload's text and media type, or why it holds no rows that can be read.

    The route's content type wins, then SageMaker's encoding, then the declared content type, then the look of the text.
    """
    form = declared_form(payload.encoding, payload.content_type, override)
    if form and not form.base64:
        return Body(form, payload.data)
    declared, charset = _split_content_type(override or payload.content_type or "")
    text = _decode_base64(payload.data, declared, charset)
    if isinstance(text, Reason):
        return text
    if form:
        return Body(form, text)
    media = _guess_media(text)
    return Body(BodyForm(media, base64=True, charset=charset, declared=False), text) if media else _unknown(declared)


@lru_cache(_MAX_CONTENT_TYPES)
def declared_form(encoding: str, content_type: str | None, override: str | None) -> BodyForm | None:
    """Return the form of every payload that is declared like this, or `None` if the declaration does not tell it."""
    essence, charset = _split_content_type(override or content_type or "")
    media = _rows_media(essence)
    if encoding == Encoding.BASE64:
        return BodyForm(media, base64=True, charset=charset) if media else None
    if encoding == Encoding.CSV:
        return BodyForm(media if media and override else Media.CSV)
    if encoding == Encoding.JSON:
        return BodyForm(media if media and (override or media is Media.JSON_LINES) else Media.JSON)
    return None


def _rows_media(essence: str) -> Media | None:
    media = media_of(essence)
    return None if media is Media.TEXT else media


@lru_cache(_MAX_CONTENT_TYPES)
def _split_content_type(content_type: str) -> tuple[str, str]:
    """Return the type without parameters, and the charset, both in lower case."""
    essence, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charset = next((part.removeprefix("charset=") for part in parameters if part.startswith("charset=")), "utf-8")
    return essence, charset.strip("\"'")


def _decode_base64(data: str, declared: str, charset: str) -> str | Reason:
    if declared in _BINARY or declared.startswith(_BINARY_FAMILIES):
        family = declared if declared in _BINARY else declared.partition("/")[0]
        return Reason(RejectionCode.BINARY_PAYLOAD, f"a binary body ({family}) holds no named values")
    try:
        raw = binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return Reason(RejectionCode.BAD_BASE64, "the data is not valid base64")
    if charset not in _CHARSETS:
        return Reason(RejectionCode.BAD_TEXT, f"the declared charset is none of {', '.join(sorted(_CHARSETS))}")
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError:
        return _not_text(declared, charset)
    return _not_text(declared, charset) if "\0" in text else text.removeprefix("\ufeff")


def _not_text(declared: str, charset: str) -> Reason:
    if _rows_media(declared) is None:
        return Reason(RejectionCode.BINARY_PAYLOAD, "the body is not text")
    return Reason(RejectionCode.BAD_TEXT, f"the body is not {charset} text, although its declared type says so")


def _guess_media(text: str) -> Media | None:
    try:
        if text.lstrip().startswith(("{", "[")):
            return Media.JSON if parse_documents(text) else None
        rows = parse_csv(text)
    except ValueError:
        return None
    return Media.CSV if rows and all(is_number(cell) for row in rows for cell in row) else None


def _unknown(declared: str) -> Reason:
    subject = "a body of a content type that holds no rows" if declared else "a body without a content type"
    return Reason(
        RejectionCode.UNKNOWN_CONTENT_TYPE,
        f"{subject}; it looks like neither JSON nor numbers in CSV; "
        "set the route's input_content_type or output_content_type",
    )
