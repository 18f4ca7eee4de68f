"""The body of a payload: the content of its text, before its rows are known."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import PayloadOptions
from capture_forwarder.domain.values import JsonValue, is_number
from capture_forwarder.payloads.arrays import read_array
from capture_forwarder.payloads.csv_text import CsvForm, Row
from capture_forwarder.payloads.declared import Declared, declared
from capture_forwarder.payloads.documents import RepeatedName
from capture_forwarder.payloads.json_text import read_document, read_json, read_json_lines, with_lists
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.not_csv import why_not_csv
from capture_forwarder.payloads.transfer import NOT_TEXT, decode_bytes, decode_text

_MARK, _REPLACED = "\ufeff", "\ufffd"
# A byte order mark at the start of the text or of a line, which may be that of a file of its own, or at the end.
_MARKS = re.compile(r"""(\A\s*+"?|[\r\n]"?)\ufeff++|\ufeff++(\s*+)\Z""")
_PLAIN = CsvForm()
_BRACKETS = ("[", "{")
_STARTS_OF_JSON = frozenset('{["-0123456789tfnNI')
_WAS_BINARY = Reason(RejectionCode.BAD_TEXT, "the text was binary: it holds U+0000 or begins with U+FFFD")
_DAMAGED_ARRAY = Reason(
    RejectionCode.BINARY_PAYLOAD, "an array that was captured as text is damaged; only BASE64 keeps it whole"
)
_REPEATED = Reason(
    RejectionCode.BAD_JSON, "an object has a name twice, so that a value is lost; the script must write each name once"
)


class Body(Struct, frozen=True, gc=False):
    """The content of a payload, and how its text was found.

    `content` is by `form.media`: of JSON the document, of JSON Lines one document a line, of CSV the cells of each line
    that is not blank, of TEXT the text. A long list in it is read lazily. `is_one_call` says that a list is one call.
    `header` is the declared one of CSV. `with_blank` is CSV of one column if it has blank lines between others: each
    of them is an empty cell.
    """

    form: BodyForm
    content: JsonValue | Sequence[JsonValue] | Sequence[list[str]]
    is_one_call: bool = False
    header: bool | None = None
    with_blank: Sequence[list[str]] | None = None


def read_body(payload: Payload, options: PayloadOptions, *, is_answer: bool) -> Body | Reason:
    """Return the content of a payload, or why it cannot be read."""
    side = "output" if is_answer else "input"
    found = declared(payload.encoding, payload.content_type, options.content_type, options.csv_delimiter, side)
    if found.refusal:
        return found.refusal
    if found.is_array:
        return _read_array(payload.data, found)
    text = _text_of(payload.data, found)
    if isinstance(text, Reason):
        return text
    if found.media is Media.CSV:
        return _read_csv(text, found, options, side)
    if found.media is Media.JSON or found.media is Media.JSON_LINES:
        return _read_json(text, found, side)
    return _look(text, found, options) or _unknown(text, found, side)


def _text_of(data: str, found: Declared) -> str | Reason:
    text = decode_text(data, found) if found.base64 else data
    if isinstance(text, Reason):
        return text
    if _MARK in text:
        text = _MARKS.sub(r"\1\2", text)
    if "\0" in text or text[:1] == _REPLACED:
        return _WAS_BINARY if found.media else NOT_TEXT
    return text


def _read_array(data: str, found: Declared) -> Body | Reason:
    if not found.base64:
        return _DAMAGED_ARRAY
    raw = decode_bytes(data)
    array = raw if isinstance(raw, Reason) else read_array(raw)
    return array if isinstance(array, Reason) else Body(found.form, array)


def _read_json(text: str, found: Declared, side: str) -> Body | Reason:
    try:
        media, content = read_json(text) if found.media is Media.JSON else read_json_lines(text)
    except RepeatedName:
        return _REPEATED
    except ValueError:
        why = f"the payload is neither one JSON document nor one a line; if it is no JSON, set {side}_content_type"
        return Reason(RejectionCode.BAD_JSON, why)
    form = found.form if media is found.media else replace(found.form, media=media)
    return Body(form, content, found.is_one_call)


def _read_csv(text: str, found: Declared, options: PayloadOptions, side: str) -> Body | Reason:
    if text.lstrip()[:1] in _BRACKETS and (body := _found_json(text, found)):
        return body
    if why := why_not_csv(text, options.csv_delimiter, side):
        return Reason(RejectionCode.BAD_CSV, why)
    try:
        return _cells(text, found, options, is_answer=side == "output")
    except ValueError as error:
        return Reason(RejectionCode.BAD_CSV, str(error))


def _cells(text: str, found: Declared, options: PayloadOptions, *, is_answer: bool) -> Body:
    """Return the content of CSV. Raises `ValueError` if a quoted cell is malformed."""
    convert = with_lists if is_answer and "[" in text else None
    form = _form_of(options.csv_delimiter, convert) if convert or options.csv_delimiter else _PLAIN
    cells = form.read(text)
    return Body(found.form, cells.rows, header=found.header, with_blank=cells.with_blank)


def _found_json(text: str, found: Declared) -> Body | Reason | None:
    """Return the JSON in a text that is not declared as JSON, and `None` if it is none.

    XGBoost's container joins the lists of several rows with commas: https://github.com/aws/sagemaker-xgboost-container.
    """
    for read in (read_json, _read_joined_lists) if text.lstrip()[:1] in _BRACKETS else (read_json,):
        try:
            media, content = read(text)
        except RepeatedName:
            return _REPEATED
        except ValueError:
            continue
        return Body(replace(found.form, media=media), content)
    return None


def _read_joined_lists(text: str) -> tuple[Media, JsonValue | Sequence[JsonValue]]:
    return Media.JSON, read_document(f"[{text}]")


def _look(text: str, found: Declared, options: PayloadOptions) -> Body | Reason | None:
    """Return the content of a text that looks like JSON or like numbers in CSV, and `None` for another text."""
    start = text.lstrip()[:1]
    if start not in _BRACKETS and (numbers := _numbers(text, found, options)):
        return numbers
    if not start or start not in _STARTS_OF_JSON:
        return None
    body = _found_json(text, found)
    return replace(body, form=replace(body.form, declared=False)) if isinstance(body, Body) else body


def _numbers(text: str, found: Declared, options: PayloadOptions) -> Body | None:
    try:
        body = _cells(text, found, options, is_answer=False)
    except ValueError:
        return None
    rows = cast("Sequence[list[str]]", body.content)
    if not rows or not all(is_number(cell) for row in rows for cell in row):
        return None
    return replace(body, form=replace(body.form, media=Media.CSV, declared=False))


def _unknown(text: str, found: Declared, side: str) -> Body | Reason:
    if found.media is Media.TEXT:
        return Body(found.form, text)
    return Reason(
        RejectionCode.UNKNOWN_CONTENT_TYPE,
        "a body of a content type that holds no rows, or without one; it looks like neither JSON nor numbers in CSV; "
        f"set the route's {side}_content_type",
    )


@lru_cache
def _form_of(delimiter: str | None, convert: Callable[[Row], Row] | None) -> CsvForm:
    return CsvForm(delimiter or ",", convert)
