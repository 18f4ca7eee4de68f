"""Sides of calls in CSV and JSON with odd cells, values and layouts, and options and schemas to read them with."""

import json
from typing import Any

from hypothesis import strategies as st

from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from tests.support.captures import Side, base64_side, csv_side, json_side

CELLS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "1.5",
        "-0.0",
        "1e3",
        "1E-7",
        "1e400",
        "-1e999",
        ".5",
        "5.",
        "+1",
        "01",
        "00",
        "1_0",
        "16.0",
        "2.5e0",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "123456789012345678901234567890",
        "0.1234567890123456789",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "true",
        "false",
        "True",
        "FALSE",
        "yes",
        "null",
        "None",
        "text",
        "é",
        "٣",
        "1.0",
        "0.0",
        "-0",
        "0x10",
        '"a"',
        '"b,c"',
        "2026-01-15T10:00:00Z",
        "\\n",
        "\\u0041",
        "\ufeff1",
    ]
) | st.sampled_from(["", " ", " 1", "1 ", "\t2", 'a"b', "\x00", "\x1f", "a\\", "1\r"])
LETTERS = st.text("FISBTU", min_size=1, max_size=4)
LINE_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n"])


@st.composite
def csv_texts(draw: st.DrawFn) -> str:
    """Draw CSV with odd cells and line ends."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=3))
    return draw(LINE_END).join(",".join(row) for row in rows) + draw(st.sampled_from(["", "\n", "\n\n", " "]))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
    | st.sampled_from(["1", "1.5", "true", 2**63, -(2**63), 1e22, 10**30, -0.0])
)
NAMES = st.sampled_from(["in 0", "in 1", "out 0", "out 1", "features", "error", "code", "x"])
ROWS = (
    st.lists(SCALARS, max_size=3)
    | SCALARS
    | st.dictionaries(NAMES, SCALARS, max_size=3)
    | st.builds(
        lambda key, row: {key: row}, st.sampled_from(["features", "probabilities"]), st.lists(SCALARS, max_size=3)
    )
)
OUTER = st.sampled_from(["instances", "predictions", "scores", "inputs", "outputs", "dataframe_records", "data"])


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Draw a document of some layout, now and then written oddly."""
    rows = draw(st.lists(ROWS, min_size=0, max_size=3))
    document: Any = draw(st.sampled_from([rows, rows[0] if rows else {}]) | st.builds(lambda key: {key: rows}, OUTER))
    text = json.dumps(document)
    return draw(st.sampled_from([text, text, text, f" {text}\n", text.replace("1", "1e0"), text + text]))


@st.composite
def sides(draw: st.DrawFn) -> Side:
    """Draw one side of a call."""
    textual = draw(st.booleans())
    text, content_type = (draw(csv_texts()), "text/csv") if textual else (draw(json_texts()), "application/json")
    if draw(st.integers(0, 4)):
        return csv_side(text) if textual else json_side(text)
    declared = st.sampled_from([content_type, None, "text/csv; charset=latin-1", "image/x"])
    return base64_side(text.encode(), draw(declared))


PAYLOAD_OPTIONS = st.builds(
    PayloadOptions,
    content_type=st.sampled_from([None, None, None, "application/json", "text/csv"]),
    layout=st.sampled_from([None, None, *Layout]),
    csv_header=st.sampled_from([False, False, False, True]),
)
OPTIONS = st.just(DecodingOptions()) | st.builds(DecodingOptions, input=PAYLOAD_OPTIONS, output=PAYLOAD_OPTIONS)
