"""A large payload, which is read piece by piece, has the rows that it would have if it were read whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from capture_forwarder.payloads.layouts import place, place_lines
from capture_forwarder.payloads.rows import Rows, read_rows
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from capture_forwarder.domain.capture import Media
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.payloads.documents import parse_csv, parse_documents, parse_json_lines, read_csv
from capture_forwarder.payloads.lazy import LARGE_CHARS, Lazy
from capture_forwarder.payloads.media import Body, BodyForm
from tests.properties.renderers import CSV_ROWS, RENDERERS, VECTORS, render_csv, render_json

FEW = settings(max_examples=15)
STYLES = st.sampled_from(["compact", "pretty", "raw"])


def exact(value: Any) -> str:
    """Return text that tells equal values of different types apart: 1, 1.0 and true."""
    return json.dumps(value)


def read_whole(media: Media, text: str, layout: Layout | None = None) -> Any:
    """Return the rows, placement and media type of a JSON payload, or the code of its rejection, read all at once."""
    try:
        documents = parse_json_lines(text) if media is Media.JSON_LINES else parse_documents(text)
    except ValueError:
        return RejectionCode.BAD_JSON
    is_single = len(documents) == 1
    placed = place(documents[0], media, layout) if is_single else place_lines(documents, layout)
    if isinstance(placed, Reason):
        return placed.code
    return exact(list(placed[1])), placed[0], media if is_single else Media.JSON_LINES


def read_in_pieces(media: Media, text: str, layout: Layout | None = None) -> Any:
    """Return the same from the reader of large payloads; rows are the same by place and in slices."""
    found = read_rows(Body(BodyForm(media), text), PayloadOptions(layout=layout))
    if isinstance(found, Reason):
        return found.code
    rows = list(found.rows)
    for place_ in (0, len(rows) // 2, len(rows) - 1):
        assert exact(found.rows[place_]) == exact(rows[place_])
    assert exact(list(found.rows)) == exact(rows)
    return exact(rows), found.reading.placement, found.reading.body.media


def large(render: Callable[[Any], str], rows: list[Any]) -> str:
    """Return `rows` again and again, as many as make a large payload."""
    size = len(render(rows * 9)) - len(render(rows * 8))
    return render(rows * (LARGE_CHARS // size + 2))


@pytest.mark.parametrize("name", sorted(RENDERERS.keys() - {"bare vector", "features", "probabilities", "object"}))
@FEW
@given(data=st.data(), style=STYLES, pinned=st.booleans())
def test_every_layout_of_a_large_document(name: str, data: st.DataObject, style: str, pinned: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Every layout of several rows, however it is written, whether it is recognised or named by the route."""
    layout, strategy, render = RENDERERS[name]
    text = large(lambda rows: render_json(render(rows), style), data.draw(strategy))
    wanted = layout if pinned else None
    assert read_in_pieces(Media.JSON, text, wanted) == read_whole(Media.JSON, text, wanted)


ODD = st.sampled_from(
    [
        "]",
        "[",
        "{",
        "}",
        ",",
        '"',
        "\\",
        "1",
        "null",
        "NaN",
        '"],["',
        "[1],[2]",
        '{"a":[1]}',
        "]]",
        "\n",
        " ",
        '"a"',
        "-",
    ]
)


@pytest.mark.parametrize(
    "name", ["instances", "list of lists or objects", "dense", "sparse", "list of texts", "rows of features"]
)
@FEW
@given(data=st.data())
def test_a_large_document_with_something_odd_in_it(name: str, data: st.DataObject) -> None:
    """Anywhere: most such documents are rejected, some have other rows."""
    _, strategy, render = RENDERERS[name]
    text = large(lambda rows: render_json(render(rows)), data.draw(strategy))
    at = data.draw(
        st.integers(0, len(text)) | st.integers(0, 20) | st.integers(0, 20).map(lambda back: len(text) - back)
    )
    text = text[:at] + data.draw(ODD) + text[at + data.draw(st.integers(0, 2)) :]
    assert read_in_pieces(Media.JSON, text) == read_whole(Media.JSON, text)


BESIDE = st.dictionaries(
    st.sampled_from(["instances", "predictions", "inputs", "features", "id", "a", "dataframe_split", "outputs"]),
    st.sampled_from(
        [1, None, "x]", "[", [], [1], [[1]], {"columns": ["a"], "data": [[1]]}, {"a": [1]}, 'instances":[']
    ),
    max_size=3,
)


@FEW
@given(
    BESIDE,
    BESIDE,
    st.sampled_from(["instances", "predictions", "features", "probabilities", "inputs", "outputs", "other"]),
    st.sampled_from(
        [
            [1],
            [[1]],
            [{"features": [1]}],
            [[[1], [2]]],
            ["a,b"],
            [1, [2]],
            [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}],
            [None],
            [{"data": {"features": {"keys": [0], "shape": [3], "values": [1]}}}],
            [{}],
            [[]],
        ]
    ),
    st.sampled_from([None, *Layout]),
    st.sampled_from(["", "NaN", " "]),
)
def test_a_large_list_beside_other_values(
    before: Any, after: Any, key: str, row: Any, layout: Layout | None, odd: str
) -> None:
    """Other lists, and names that are written twice, may give a document another layout."""
    elements = ",".join([exact(part) for part in row] * 40_000) + ("," + odd if odd.strip() else odd)
    pairs = [f"{exact(name)}: {exact(value)}" for name, value in before.items()]
    pairs += [f"{exact(key)}: [{elements}]"]
    pairs += [f"{exact(name)}: {exact(value)}" for name, value in after.items()]
    text = "{" + ", ".join(pairs) + "}"
    assert read_in_pieces(Media.JSON, text, layout) == read_whole(Media.JSON, text, layout)


@FEW
@given(
    st.lists(
        VECTORS | st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.lists(st.integers())),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["\n", "\r\n", "\n\n", "\n \n", "\n\x0b\n"]),
    st.sampled_from(["", "", "\n", "{", "[[1], [2]]", '{"dataframe_split": {}}', "NaN", " \x0b"]),
    st.sampled_from([Media.JSON, Media.JSON_LINES]),
)
def test_large_json_lines(rows: list[Any], line_end: str, last: str, media: Media) -> None:
    """Lines with several rows, blank lines, and a last line that is broken or has no layout."""
    text = large(lambda many: "".join(exact(row) + line_end for row in many), rows) + last
    assert read_in_pieces(media, text) == read_whole(media, text)


@pytest.mark.parametrize("media", [Media.JSON, Media.JSON_LINES])
@pytest.mark.parametrize(
    "text",
    [
        "[1]" + " " * LARGE_CHARS,
        "\n" * 2 * LARGE_CHARS,
        '{"a":\n' + " " * LARGE_CHARS + "1}",
        " " * LARGE_CHARS + "[1]\n[2]",
        "x" * 2 * LARGE_CHARS,
        "[" * 2 * LARGE_CHARS,
        '{"instances":' + "[" * 2 * LARGE_CHARS,
        "[1,2]\n\x0b" + " " * LARGE_CHARS,
    ],
)
def test_large_texts_with_few_rows(media: Media, text: str) -> None:
    """Blank space, deep nesting, and text that is no JSON."""
    assert read_in_pieces_or_empty(media, text) == read_whole(media, text)


def read_in_pieces_or_empty(media: Media, text: str) -> Any:
    """Return what the reader of large payloads makes of a text that may have no rows."""
    found = read_rows(Body(BodyForm(media), text), PayloadOptions())
    if isinstance(found, Reason):
        return found.code
    placement = found.reading.placement if found.rows else None
    return exact(list(found.rows)), placement, found.reading.body.media


@FEW
@given(
    CSV_ROWS,
    st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n \r"]),
    st.booleans(),
    st.sampled_from(["", '"', 'a"b', '"a"b', " "]),
)
@example([["1"]], "\n", False, "")
@example([["a\nb", 'c"d']], "\r", True, "")
def test_large_csv(rows: list[list[str]], line_end: str, quoted: bool, last: str) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Cells in quotes, with line ends in them, blank lines, and a last cell that is malformed."""
    text = large(lambda many: render_csv(many, line_end, quote_all=quoted), rows) + last
    try:
        expected = parse_csv(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            read_csv(text)
        return
    found = read_csv(text)
    assert isinstance(found, Lazy)
    assert list(found) == expected
    assert [found[place] for place in range(0, len(expected), 97)] == expected[::97]
    assert len(found) == len(expected)


def test_a_large_cell_of_csv() -> None:
    """A quoted cell may be longer than a piece, and longer than the csv module's limit."""
    cell = "line\n" * 100_000
    assert list(read_csv(f'a,"{cell}"\nb,c\n')) == [["a", cell], ["b", "c"]]


HEADERS = ["a,b\n", '"a",b\n', "a,a\n", "a\n", "a,b,c\n"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("last", ["", "1\n", "1,2,3\n"])
def test_large_csv_with_a_header(header: str, last: str) -> None:
    """Every row must be as long as the header, as in a small payload."""
    options, form = PayloadOptions(csv_header=True), BodyForm(Media.CSV)
    large = read_rows(Body(form, header + "1,2\n" * LARGE_CHARS + last), options)
    small = read_rows(Body(form, header + "1,2\n" * 2 + last), options)
    if isinstance(small, Reason):
        assert large == small
    else:
        assert isinstance(large, Rows)
        assert list(large.rows) == [small.rows[0]] * LARGE_CHARS
        assert large.rows[-1] == small.rows[-1]
        assert replace(large, rows=[]) == replace(small, rows=[])
