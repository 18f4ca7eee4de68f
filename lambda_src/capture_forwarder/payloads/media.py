"""What a payload's text is, whatever its headers say.

SageMaker base64-encodes every body whose content type no CaptureContentTypeHeader lists, so most BASE64 is CSV or JSON:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CaptureContentTypeHeader.html
"""

import binascii
from functools import lru_cache

from msgspec import Struct

from capture_forwarder.domain.capture import Encoding, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.media import Media, media_of
from capture_forwarder.domain.values import is_number
from capture_forwarder.payloads.csv_rows import parse_csv
from capture_forwarder.payloads.documents import parse_documents


class Body(Struct, frozen=True, gc=False):
    """A payload's text and what it is."""

    media: Media
    text: str


# Content types are captured data: a limit keeps hostile ones from filling the memory.
_MAX_CONTENT_TYPES = 256
_BINARY_FAMILIES = ("image/", "audio/", "video/", "font/")
_BINARY = frozenset(
    {
        "application/x-npy",
        "application/x-recordio-protobuf",
        "application/x-protobuf",
        "application/x-parquet",
        "application/vnd.apache.parquet",
        "application/zip",
        "application/gzip",
        "application/pdf",
    }
)
# Python knows codecs that give text which no JSON can hold; captured headers do not choose among those.
_UTF_8 = frozenset({"utf-8", "utf8"})
_CHARSETS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})


def read_body(payload: Payload, override: str | None) -> Body | Reason:
    """Return the payload's text and its media, or why it holds no rows that can be read.

    The route's override wins, then the encoding that SageMaker chose, then the declared type, then the look of it.
    """
    if payload.encoding is not Encoding.BASE64:
        return Body(_plain_media(payload.encoding, payload.content_type, override), payload.data)
    declared, charset = _split(override or payload.content_type or "")
    text = _decoded(payload.data, declared, charset)
    if isinstance(text, Reason):
        return text
    found = media_of(declared) or _sniffed(text)
    return Body(found, text) if found else _unknown(declared)


def declared_media(encoding: str, content_type: str | None, override: str | None) -> Media | None:
    """Return what `read_body` takes any text for that is so declared, or `None` if it would have to look at it."""
    if encoding not in set(Encoding):
        return None
    if encoding != Encoding.BASE64:
        return _plain_media(Encoding(encoding), content_type, override)
    declared, charset = _split(override or content_type or "")
    return media_of(declared) if charset in _UTF_8 else None


@lru_cache(_MAX_CONTENT_TYPES)
def _plain_media(encoding: Encoding, content_type: str | None, override: str | None) -> Media:
    family = Media.CSV if encoding is Encoding.CSV else Media.JSON
    media = media_of(_split(override or content_type or "")[0])
    wins = override is not None or (family is Media.JSON and media is Media.JSON_LINES)
    return media if media and wins else family


@lru_cache(_MAX_CONTENT_TYPES)
def _split(content_type: str) -> tuple[str, str]:
    essence, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charset = next((part.removeprefix("charset=") for part in parameters if part.startswith("charset=")), "utf-8")
    return essence, charset.strip("\"'")


def _decoded(data: str, declared: str, charset: str) -> str | Reason:
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
    if media_of(declared) is None:
        return Reason(RejectionCode.BINARY_PAYLOAD, "the body is not text")
    return Reason(RejectionCode.BAD_TEXT, f"the body is not {charset} text; its declared type says that it should be")


def _sniffed(text: str) -> Media | None:
    try:
        if text.lstrip().startswith(("{", "[")):
            return Media.JSON if parse_documents(text) else None
        rows = parse_csv(text)
    except ValueError:
        return None
    return Media.CSV if rows and all(is_number(cell) for row in rows for cell in row) else None


def _unknown(declared: str) -> Reason:
    return Reason(
        RejectionCode.UNKNOWN_CONTENT_TYPE,
        f"a body {'of a content type that holds no rows' if declared else 'without a content type'}, that looks like "
        "neither JSON nor numbers in CSV; set the route's input_content_type or output_content_type",
    )
