"""Typed decoders of payloads, compiled from how a payload was read and from the attributes of its rows.

A decoder accepts a text only if the plain path reads it with the same placement and makes the same values. It refuses
every other text: a quoted or empty cell, a value of another type, another layout.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.converters import CellOptions
from capture_forwarder.domain.route import Layout
from capture_forwarder.domain.schema import Side
from capture_forwarder.payloads.compiled_csv import csv_decoder
from capture_forwarder.payloads.compiled_json import json_decoder
from capture_forwarder.payloads.compiled_types import PayloadDecoder, Rows
from capture_forwarder.payloads.csv_columns import NUMBERS, json_row
from capture_forwarder.payloads.learned_columns import NUMBER
from capture_forwarder.payloads.learned_json import learned_json_decoder
from capture_forwarder.payloads.media import UTF_8, BodyForm
from capture_forwarder.payloads.placement import PayloadReading, RowForm

_BYTE_ORDER_MARK = "\ufeff"


def compile_cut(reading: PayloadReading, side: Side | None) -> PayloadDecoder | None:
    """Return the decoder of one line of CSV whose values are one a row, as XGBoost's container answers; or `None`."""
    body = reading.body
    if not body.declared or body.charset not in UTF_8 or body.media is not Media.CSV:
        return None
    decoder = _cut_decoder(side)
    return _of_body(decoder, body) if decoder else None


def _cut_decoder(side: Side | None) -> PayloadDecoder | None:
    """Return a decoder of one line of numbers, one number a row; `None` if only the plain path can read it."""
    name = "prediction_0"
    value_type: Any = NUMBER
    if side is not None:
        if len(side.visible) != 1 or side.visible[0].value_type not in NUMBERS:
            return None
        name, value_type = side.visible[0].name, NUMBERS[side.visible[0].value_type]
    names = (name,)
    decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[value_type], strict=False).decode

    def read(text: str) -> Rows:
        return names, [(value,) for value in decode(json_row(text.rstrip("\n")))]

    return PayloadDecoder.of(read)


def compile_payload(
    reading: PayloadReading, side: Side | None, cells: CellOptions, *, is_answer: bool
) -> PayloadDecoder | None:
    """Return the decoder of payloads that are read like `reading`, or `None` if only the plain path can read them.

    Values have the names and types of the attributes of `side`; without a schema it is `None`.
    """
    body, placement = reading.body, reading.placement
    if not body.declared or body.charset not in UTF_8:
        return None
    attributes = None
    if side is not None:
        # Those that a caller must name, or those that ordered values belong to.
        attributes = side.expected if placement.form is RowForm.OBJECT else side.visible
        if not attributes:
            return None
    is_lines = body.media is Media.JSON_LINES
    decoder: PayloadDecoder | None = None
    if body.media is Media.CSV:
        decoder = csv_decoder(placement, side, cells, is_answer=is_answer)
    elif body.media is not Media.JSON and (not is_lines or placement.layout is not Layout.ROWS):
        return None
    elif attributes is None:
        decoder = learned_json_decoder(placement, is_answer=is_answer, is_lines=is_lines)
    else:
        decoder = json_decoder(placement, attributes, is_lines=is_lines)
    return _of_body(decoder, body) if decoder else None


def _of_body(decoder: PayloadDecoder, body: BodyForm) -> PayloadDecoder | None:
    """Return the decoder of a body in BASE64, or with another delimiter; `None` if blanks delimit its cells."""
    if body.media is Media.CSV and body.delimiter != ",":
        if body.delimiter == " ":
            return None
        decoder = _with_commas(decoder, body.delimiter)
    return base64_decoder(decoder) if body.base64 else decoder


def _with_commas(decoder: PayloadDecoder, delimiter: str) -> PayloadDecoder:
    """Return a decoder of CSV with another delimiter: cells without commas and quotes are the same between commas."""

    def with_commas(text: str) -> str:
        if "," in text or '"' in text:
            raise ValueError("cells with commas, or in quotes")
        return text.replace(delimiter, ",")

    return PayloadDecoder(
        lambda text: decoder.read(with_commas(text)), lambda texts: decoder.read_each(list(map(with_commas, texts)))
    )


def base64_decoder(decoder: PayloadDecoder) -> PayloadDecoder:
    """Return a decoder of BASE64: msgspec takes a third of the time of Python's, and is as strict.

    JSON text cannot hold NUL, the character that makes a text binary.
    """

    def read(data: str) -> Rows:
        text = msgspec.convert(data, bytes).decode()
        if text.startswith(_BYTE_ORDER_MARK):
            raise ValueError("a byte order mark, which the plain path removes")
        return decoder.read(text)

    def read_each(payloads: Sequence[str]) -> Rows:
        texts = list(map(bytes.decode, msgspec.convert(payloads, list[bytes])))
        if _BYTE_ORDER_MARK in "".join(texts):
            raise ValueError("a byte order mark, which the plain path removes")
        return decoder.read_each(texts)

    return PayloadDecoder(read, read_each)
