"""The text of a payload that SageMaker encoded in BASE64.

It encodes every body with a content type that no CaptureContentTypeHeader lists, so most BASE64 is CSV or JSON:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CaptureContentTypeHeader.html
"""

import binascii
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.payloads.declared import Declared

NOT_TEXT = Reason(RejectionCode.BINARY_PAYLOAD, "the body is not text")


def decode_bytes(data: str) -> bytes | Reason:
    """Return the bytes of a body."""
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return Reason(RejectionCode.BAD_BASE64, "the data is not valid base64")


def decode_text(data: str, found: Declared) -> str | Reason:
    """Return the text of a body in its declared charset, or in that of its byte order mark."""
    raw = decode_bytes(data)
    if isinstance(raw, Reason):
        return raw
    try:
        return raw.decode(_marked(raw) or found.charset)
    except UnicodeDecodeError:
        pass
    if found.media is None:
        return NOT_TEXT
    return Reason(RejectionCode.BAD_TEXT, f"the body is not {found.charset} text, although its declared type says so")


def _marked(raw: bytes) -> str | None:
    """Return the charset of the byte order mark. It wins over the declared one: https://encoding.spec.whatwg.org."""
    if raw.startswith(BOM_UTF8):
        return "utf-8"
    return "utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else None
