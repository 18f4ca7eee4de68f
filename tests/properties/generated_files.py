"""Generated files of captures whose calls look alike, but for odd values: layouts, options, and the lines of a file."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from capture_forwarder.domain.route import CsvSpace, DecodingOptions, EmptyText, PayloadOptions
from tests.support.captures import Side, base64_side, capture, csv_side, json_side

Row = list[Any]

# Values that most rows of a file have, and odd ones.
_ODD_NUMBERS: Final = [
    None, True, "x", "", "nan", "N/A", "null", " 1", "1 ", "-0", -0.0, "01", "+1", ".5", "5.", "1_0", "1e400", 10**30,
    2**63, -(2**63), 2**53 + 1, "9007199254740993.0", "12345678901234567890.5", "1.0", "1e3", "a,b", 'a"b', "é", "٣",
]  # fmt: skip
_ODD_TEXTS: Final = [
    None, "", " ", " a", "a ", 'a"b', "a,b", "a\nb", "a\\b", "null", "NaN", "-inf", "1", "01", "1.5", "2026-01-15", "(a)",
    "[1]", "{a}", "a;b", "a:b", '":', "\ufeffa", "Traceback (most recent call last): a", "b'a'", "é", "a b", "1 2", True,
]  # fmt: skip
_NUMBERS = st.integers(-9, 99) | st.floats(-9, 9).map(lambda number: round(number, 3))
_TEXTS = st.sampled_from(["red", "blue", "A-1", "segment-7"])
_NAMES: Final = ["a", "b", "c", "d", "error", "index", "0", "code", "features", "name", "shape", "datatype", "é", 'q"']


@st.composite
def _value(draw: st.DrawFn, kind: str) -> Any:
    if kind == "n":
        return draw(_NUMBERS) if draw(st.integers(0, 14)) else draw(st.sampled_from(_ODD_NUMBERS))
    return draw(_TEXTS) if draw(st.integers(0, 9)) else draw(st.sampled_from(_ODD_TEXTS))


def _csv(rows: list[Row], quoting: Any) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=quoting, lineterminator="\n")
    writer.writerows([[str(cell).lower() if isinstance(cell, bool) else cell for cell in row] for row in rows])
    return file.getvalue()


def _named(rows: list[Row], names: list[str]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=False)) for row in rows]


Writer = Callable[[list[Row], list[str]], Side]
WRITERS: Final[dict[str, Writer]] = {
    "csv": lambda rows, _: csv_side(_csv(rows, csv.QUOTE_MINIMAL)),
    "csv without quotes": lambda rows, _: csv_side("\n".join(",".join(map(_cell, row)) for row in rows)),
    "csv in quotes": lambda rows, _: csv_side(_csv(rows, csv.QUOTE_ALL)),
    "csv with space": lambda rows, _: csv_side("\r\n".join(", ".join(map(_cell, row)) for row in rows)),
    "csv in base64": lambda rows, _: base64_side(_csv(rows, csv.QUOTE_MINIMAL).encode(), "text/csv"),
    "csv with header": lambda rows, names: csv_side(
        _csv([names[: len(rows[0])], *rows], csv.QUOTE_MINIMAL), content_type="text/csv; header=present"
    ),
    "lists": lambda rows, _: json_side({"instances": rows}),
    "features": lambda rows, _: json_side({"instances": [{"features": row} for row in rows]}),
    "objects": lambda rows, names: json_side({"predictions": _named(rows, names)}),
    "values": lambda rows, _: json_side({"predictions": [row[0] for row in rows]}),
    "bare lists": lambda rows, _: json_side(rows),
    "bare objects": lambda rows, names: json_side(_named(rows, names)),
    "one object": lambda rows, names: json_side(_named(rows, names)[0]),
    "one list": lambda rows, _: json_side(rows[0]),
    "one key": lambda rows, _: json_side({"features": rows[0]}),
    "base64 of json": lambda rows, _: base64_side(json.dumps({"inputs": rows}).encode(), "application/json"),
    "json lines of lists": lambda rows, _: _lines(rows),
    "json lines of objects": lambda rows, names: _lines(_named(rows, names)),
    "rows under an ordered key": lambda rows, _: json_side({"probabilities": rows}),
}


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _lines(documents: list[Any]) -> Side:
    return json_side("".join(f"{json.dumps(one)}\n" for one in documents), "application/jsonlines")


@st.composite
def _tenant(draw: st.DrawFn) -> tuple[list[str], list[str], list[str], list[str], str, str]:
    """Draw the common properties of all calls of one tenant: kinds and names of values, and layouts."""
    asked = draw(st.lists(st.sampled_from("nnnt"), min_size=1, max_size=5))
    answered = draw(st.lists(st.sampled_from("nnt"), min_size=1, max_size=3))
    names = draw(st.permutations(_NAMES)) if draw(st.booleans()) else [f"in {at}" for at in range(9)]
    others = draw(st.permutations(_NAMES)) if draw(st.integers(0, 3)) == 0 else [f"out {at}" for at in range(9)]
    layouts = st.sampled_from(sorted(WRITERS))
    return asked, answered, names, others, draw(layouts), draw(layouts)


@st.composite
def files(draw: st.DrawFn) -> list[bytes]:
    """Draw the lines of one file: calls of one tenant or two, with odd values now and then."""
    tenants = draw(st.lists(_tenant(), min_size=1, max_size=2))
    lines = []
    for _ in range(draw(st.integers(1, 7))):
        asked, answered, names, others, request, answer = draw(st.sampled_from(tenants))
        count = draw(st.sampled_from([1, 1, 2, 3]))
        rows = [[draw(_value(kind)) for kind in asked] for _ in range(count)]
        answers = [[draw(_value(kind)) for kind in answered] for _ in range(count)]
        if draw(st.integers(0, 9)) == 0:
            names = names[::-1]
        if draw(st.integers(0, 9)) == 0:
            rows = [row[1:] or row for row in rows]
        lines.append(capture(WRITERS[request](rows, names), WRITERS[answer](answers, others)))
    return lines


_PAYLOAD = st.builds(PayloadOptions, csv_header=st.sampled_from([None, None, False]))
OPTIONS = st.just(DecodingOptions()) | st.builds(
    DecodingOptions,
    input=_PAYLOAD,
    output=_PAYLOAD,
    csv_space=st.sampled_from(CsvSpace),
    empty_text=st.sampled_from(EmptyText),
)
