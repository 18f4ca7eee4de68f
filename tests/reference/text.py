"""Section 1 of the rule: from the text of a payload to a document, lines, cells or a text."""

import base64
import binascii
import codecs
import csv
import io
import re

from tests.reference.csv_text import numbers_only, refuse_other_formats
from tests.reference.json_text import decoded, json_or_lines, lines_or_json, whole_pairs
from tests.reference.model import Body, NameTwice, Rejected, Side, SideOptions
from tests.reference.npy import array_of

csv.field_size_limit(1 << 30)
FORMATS = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "text/json": "json",
    "application/jsonlines": "lines",
    "application/x-jsonlines": "lines",
    "application/jsonl": "lines",
    "application/x-ndjson": "lines",
    "application/ndjson": "lines",
    "text/plain": "text",
    "application/x-text": "text",
    "application/x-npy": "npy",
    "application/list-text": "list-text",
}
BINARY = re.compile(r"(image|audio|video)/|application/(x-image|.*protobuf|.*parquet|.*npz)|.*/octet-stream")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
OTHER_TEXT = re.compile(r"text/(tab-separated-values|event-stream|(x-)?libsvm)|application/(x-)?libsvm")


def declared(side: Side, options: SideOptions) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case, and its parameters."""
    parts = (options.content_type or side.content_type or "").split(";")
    pairs = [part.partition("=") for part in parts[1:]]
    return parts[0].strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def is_picture_or_sound(side: Side, options: SideOptions) -> bool:
    """Tell whether a side is an image, audio or video."""
    return bool(re.match(r"(image|audio|video)/|application/x-image", declared(side, options)[0]))


def read_body(side: Side, options: SideOptions) -> Body:
    """Return the content of the payload."""
    media, parameters = declared(side, options)
    form = "json" if media.endswith("+json") else FORMATS.get(media)
    if not form and OTHER_TEXT.match(media):
        raise Rejected("unknown_content_type", media)
    if not form and BINARY.match(media):
        raise Rejected("binary_payload", media)
    if form == "npy":
        return Body("json", array_of(raw_bytes(side)))
    text = text_of(side, parameters.get("charset", "utf-8"))
    if not form and side.encoding != "BASE64":
        form = side.encoding.lower()
    body = by_form(form, text, options)
    if body.kind == "csv":
        place_header(body, options, parameters.get("header"))
    return body


def place_header(body: Body, options: SideOptions, parameter: str | None) -> None:
    """Set the header that the option or the type declares, and take the names off the lines."""
    body.header = options.header
    if body.header is None and parameter in ("present", "absent"):
        body.header = parameter == "present"
    if body.header and body.content:
        body.names, body.content = body.content[0], body.content[1:]
        body.with_blank = body.with_blank[1:] if body.with_blank else None


def by_form(form: str | None, text: str, options: SideOptions) -> Body:
    """Return the body of `text` in a known form, or in the form that it looks like."""
    if form == "json":
        return json_or_lines(text)
    if form == "list-text":
        body = json_or_lines(text)
        body.one_call = True
        return body
    if form == "lines":
        return lines_or_json(text)
    return csv_or_json(text, options) if form == "csv" else by_look(text, options, is_text=form == "text")


def by_look(text: str, options: SideOptions, *, is_text: bool) -> Body:
    """Return numbers in CSV or JSON if a text looks so, else the one text that it is declared to be."""
    if numbers_only(text, options):
        return csv_or_json(text, options)
    for attempt in (json_or_lines, lambda inner: Body("json", decoded(f"[{inner}]"))):
        try:
            return attempt(text)
        except NameTwice:
            raise
        except Rejected:
            if text.lstrip()[:1] not in ("{", "["):
                break
    if not is_text:
        raise Rejected("unknown_content_type", "no JSON and no numbers")
    return Body("text", text)


def raw_bytes(side: Side) -> bytes:
    """Return the bytes of a BASE64 payload."""
    if side.encoding != "BASE64":
        raise Rejected("binary_payload", "no BASE64")
    try:
        return base64.b64decode(side.text, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected("bad_base64") from None


def text_of(side: Side, charset: str) -> str:
    """Return the text of a payload, without a byte order mark."""
    text = side.text
    if side.encoding == "BASE64":
        try:
            raw = raw_bytes(side)
            marked = next((name for mark, name in MARKS if raw.startswith(mark)), None)
            text = raw.decode(marked or codecs.lookup(charset).name)
        except (LookupError, UnicodeDecodeError):
            raise Rejected("bad_text") from None
    text = re.sub(r"""(\A\s*"?|[\r\n]"?)\ufeff+""", r"\1", whole_pairs(text))
    if "\0" in text or text.startswith("\ufffd"):
        raise Rejected("bad_text")
    return text


def csv_or_json(text: str, options: SideOptions) -> Body:
    """Return the lines of CSV, or the JSON that is filed as CSV."""
    if text.lstrip()[:1] in ("{", "["):
        for attempt in (json_or_lines, lambda inner: Body("json", decoded(f"[{inner}]"))):
            try:
                return attempt(text)
            except NameTwice:
                raise
            except Rejected:
                continue
    refuse_other_formats(text, options)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=options.delimiter or ",", strict=True))
    except csv.Error:
        raise Rejected("bad_csv") from None
    blank = [not any(cell.strip() for cell in row) and len(row) < 2 for row in found]
    lines = [row for row, is_blank in zip(found, blank, strict=True) if not is_blank]
    if not lines:
        raise Rejected("bad_csv", "empty")
    outer = [not row or (len(row) < 2 and row[0] != "" and not row[0].strip()) for row in found]
    inner = found[outer.index(False) : len(outer) - outer[::-1].index(False)]
    one_column = all(len(row) == 1 for row in lines) and len(inner) > len(lines)
    return Body(
        "csv", lines, with_blank=[row if row and row[0].strip() else [""] for row in inner] if one_column else None
    )
