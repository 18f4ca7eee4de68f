"""A large payload is read piece by piece, and has the same rows as if it were read whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capture_forwarder.domain.capture import Encoding, Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.kinds.captures.side_rows import Names, SideRows, read_side
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.csv_text import CsvForm
from capture_forwarder.payloads.deciding import Way
from capture_forwarder.payloads.documents import parse_json, parse_json_lines
from capture_forwarder.payloads.lazy import LARGE_CHARS, Lazy
from capture_forwarder.payloads.media import BodyForm
from capture_forwarder.payloads.sides import shape_of
from tests.properties.renderers import (
    CSV_ROWS,
    NAMED_BY_ROUTES,
    RENDERERS,
    SINGLE,
    VECTORS,
    render_csv,
    render_json,
)

FEW = settings(max_examples=15)
STYLES = st.sampled_from(["compact", "pretty", "raw"])
TYPES = {Media.JSON: "application/json", Media.JSON_LINES: "application/jsonlines", Media.CSV: "text/csv"}


def exact(value: Any) -> str:
    """Return text that tells equal values of different types apart: 1, 1.0 and true."""
    return json.dumps(value, default=list)


def rows_of(body: Body | Reason, options: PayloadOptions, *, lazily: bool = False) -> Any:
    """Return the shape of a payload, its rows, the values of the call, and how they were read; or why it is rejected.

    With `lazily`, rows are the same by place as in order.
    """
    shape = shape_of(body, options, None, is_answer=False) if isinstance(body, Body) else body
    if isinstance(shape, Reason):
        return shape
    assert isinstance(body, Body)
    way = Way.ROWS if shape.table and shape.count and not shape.is_ragged else Way.ONE
    found = read_side(shape, shape.count, way, None, body.form, Names((), None, is_answer=False))
    if isinstance(found, Reason):
        return found
    if lazily:
        same_by_place(found)
    return shape.says, shape.count, exact(list(found.rows)), exact(found.call), found.reading


def same_by_place(found: SideRows) -> None:
    """Check that rows are the same by place as in order."""
    rows = list(found.rows)
    for place in (0, len(rows) // 2, len(rows) - 1):
        assert exact(found.rows[place]) == exact(rows[place])
    assert len(found.rows) == len(rows)


def read_whole(media: Media, text: str, options: PayloadOptions = PayloadOptions()) -> Any:  # noqa: B008 - frozen
    """Return the same as `read_in_pieces`, from a payload whose documents were made all at once."""
    other = Media.JSON if media is Media.JSON_LINES else Media.JSON_LINES
    for as_media in (media, other) if "\n" in text.strip() else (media,):
        try:
            content = parse_json(text) if as_media is Media.JSON else parse_json_lines(text) or None
        except ValueError:
            continue
        if content is not None or as_media is Media.JSON:
            return rows_of(Body(BodyForm(as_media), content), options)
    return RejectionCode.BAD_JSON


def read_in_pieces(media: Media, text: str, options: PayloadOptions = PayloadOptions()) -> Any:  # noqa: B008 - frozen
    """Return the result of the reader for a large payload."""
    body = read_body(Payload(text, Encoding.JSON, TYPES[media]), options, is_answer=False)
    return body.code if isinstance(body, Reason) else rows_of(body, options, lazily=True)


def large(render: Callable[[Any], str], rows: list[Any]) -> str:
    """Return `rows` again and again, as many as make a large payload."""
    size = len(render(rows * 9)) - len(render(rows * 8))
    return render(rows * (LARGE_CHARS // size + 2))


@pytest.mark.large
@pytest.mark.parametrize("name", sorted(RENDERERS.keys() - SINGLE))
@FEW
@given(data=st.data(), style=STYLES, pinned=st.booleans())
def test_every_layout_of_a_large_document(name: str, data: st.DataObject, style: str, pinned: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Every layout of several rows, however it is written, whether it is recognised or named by the route."""
    layout, strategy, render = RENDERERS[name]
    text = large(lambda rows: render_json(render(rows), style), data.draw(strategy))
    wanted = PayloadOptions(layout=layout if pinned or name in NAMED_BY_ROUTES else None)
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


@pytest.mark.large
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
    options = PayloadOptions(layout=layout)
    assert read_in_pieces(Media.JSON, text, options) == read_whole(Media.JSON, text, options)


@pytest.mark.large
@FEW
@given(
    st.lists(
        VECTORS
        | st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.lists(st.integers()))
        | st.integers().map(lambda value: {"schema": {"fields": [value]}, "data": [value]}),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["\n", "\r\n", "\n\n", "\n \n", "\n\x0b\n"]),
    st.sampled_from(["", "", "\n", "{", "[[1], [2]]", '{"dataframe_split": {}}', "NaN", " \x0b"]),
    st.sampled_from([Media.JSON, Media.JSON_LINES]),
)
def test_large_json_lines(rows: list[Any], line_end: str, last: str, media: Media) -> None:
    """Lines with several rows or a schema, blank lines, and a last line that is broken or has no layout."""
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
    assert read_in_pieces(media, text) == read_whole(media, text)


@pytest.mark.large
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
        expected = cells(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            CsvForm().read(text)
        return
    found = CsvForm().read(text).rows
    assert isinstance(found, Lazy)
    assert list(found) == expected
    assert [found[place] for place in range(0, len(expected), 97)] == expected[::97]
    assert len(found) == len(expected)


def cells(text: str) -> list[list[str]]:
    """Return the cells of a text that is read whole."""
    rows = CsvForm().lines(text, is_quoted='"' in text)
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]


@pytest.mark.parametrize("line", ["1\n", '"1"\n', '"a\nb"\r\n'])
@pytest.mark.parametrize("blanks", [(), (0,), (3,), (0, 7, -1)])
def test_blank_lines_of_a_large_column(line: str, blanks: tuple[int, ...]) -> None:
    """Between others they may be empty cells, as in a small payload."""
    lines = [line] * (LARGE_CHARS // len(line) + 9)
    for at in blanks:
        lines.insert(at if at >= 0 else len(lines), "\n")
    found = CsvForm().read("".join(lines))
    cell = line.strip().strip('"')
    assert list(found.rows) == [[cell]] * (len(lines) - len(blanks))
    inner = [at for at in blanks if at > 0]
    if not inner:
        assert found.with_blank is None
    else:
        assert found.with_blank is not None
        assert [at for at, row in enumerate(found.with_blank) if row == [""]] == [at - (0 in blanks) for at in inner]


def test_a_large_cell_of_csv() -> None:
    """A quoted cell may be longer than a piece, and longer than the csv module's limit."""
    cell = "line\n" * 100_000
    assert list(CsvForm().read(f'a,"{cell}"\nb,c\n').rows) == [["a", cell], ["b", "c"]]


HEADERS = ["a,b\n", '"a",b\n', "a,a\n", "a\n", "a,b,c\n"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("last", ["", "1\n", "1,2,3\n"])
def test_large_csv_with_a_header(header: str, last: str) -> None:
    """Every row must be as long as the header, as in a small payload."""
    options = PayloadOptions(csv_header=True)
    large = read_in_pieces(Media.CSV, header + "1,2\n" * LARGE_CHARS + last, options)
    whole = Body(BodyForm(Media.CSV), cells(header + "1,2\n" * LARGE_CHARS + last))
    assert large == rows_of(whole, options)
