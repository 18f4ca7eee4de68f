"""Rows that are rendered and read again are the same, for every layout and encoding."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.capture import Encoding, Payload
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions, Layout, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.csv_text import CsvForm
from tests.properties.generated_batches import flat
from tests.properties.renderers import (
    CSV_ROWS,
    NAMED,
    NAMED_BY_ROUTES,
    RENDERERS,
    VECTORS,
    render_csv,
    render_json,
)
from tests.support.captures import base64_side, capture, csv_side, json_side, outcome_of

STYLES = st.sampled_from(["compact", "pretty", "raw"])
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def exact(rows: object) -> str:
    """Return text that tells equal values of different types apart: 1, 1.0 and true are three things."""
    return json.dumps(rows, sort_keys=True)


def named(rows: list[Any]) -> list[dict[str, Any]]:
    """Return the inputs that rows are."""
    return [
        flat(row if isinstance(row, dict) else {f"feature_{at}": one for at, one in enumerate(row)}) for row in rows
    ]


def read(side: dict[str, Any], count: int, layout: Layout | None = None) -> list[dict[str, Any]]:
    """Return the inputs of a request that is answered by `count` rows."""
    answer = json_side({"predictions": [{"score": 1}] * count})
    outcome = outcome_of(capture(side, answer), DecodingOptions(input=PayloadOptions(layout=layout)))
    assert isinstance(outcome, Decoded), outcome
    inferences = [row for row in outcome.rows if isinstance(row, Inference)]
    assert len(inferences) == len(outcome.rows), outcome
    return [row.inputs for row in inferences]


@pytest.mark.large
@pytest.mark.parametrize("name", RENDERERS)
@given(data=st.data(), style=STYLES, pinned=st.booleans())
def test_rows_of_json_layouts_are_read_again(name: str, data: st.DataObject, style: str, pinned: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """The layout is recognised, or named by the route."""
    layout, strategy, render = RENDERERS[name]
    rows = data.draw(strategy)
    wanted = layout if pinned or name in NAMED_BY_ROUTES else None
    found = read(json_side(render_json(render(rows), style)), len(rows), wanted)
    assert exact(found) == exact(named(rows))


def test_every_layout_has_a_renderer() -> None:
    """A new layout needs one, so that it is tested here. `rows` leaves all open."""
    assert {layout for layout, _, _ in RENDERERS.values()} == set(Layout) - {Layout.ROWS}


@given(
    st.lists(NAMED, min_size=1, max_size=4) | st.lists(VECTORS, min_size=1, max_size=4),
    LINE_ENDS.filter(lambda end: end != "\r"),
)
def test_rows_of_json_lines_are_read_again(rows: list[Any], line_end: str) -> None:
    """Each line is one row, also where the content type only says JSON and there are several."""
    text = "".join(render_json(row) + line_end for row in rows)
    assert exact(read(json_side(text, "application/jsonlines"), len(rows))) == exact(named(rows))
    if len(rows) > 1:
        assert exact(read(json_side(text), len(rows))) == exact(named(rows))


@given(CSV_ROWS, LINE_ENDS, st.booleans(), st.integers(0, 2))
def test_rows_of_csv_are_read_again(rows: list[list[str]], line_end: str, quote_all: bool, blank: int) -> None:  # noqa: FBT001 - drawn by hypothesis
    """With commas, quotes and line ends in cells; blank lines are not rows."""
    text = line_end * blank + render_csv(rows, line_end, quote_all=quote_all) + line_end * blank
    assert list(CsvForm().read(text).rows) == rows


@given(
    st.sampled_from(["x", "naïve", "日本"]).flatmap(
        lambda name: st.lists(st.tuples(st.integers(-999, 999), st.just(name)), min_size=1, max_size=4)
    ),
    st.sampled_from(["utf-8", "utf-16"]),
    STYLES,
)
def test_base64_keeps_the_content(rows: list[tuple[int, str]], charset: str, style: str) -> None:
    """In the charset that the caller declared."""
    for text, content_type in (
        (render_json(rows, style), "application/json"),
        (render_csv([[str(a), b] for a, b in rows]), "text/csv"),
    ):
        encoded = Payload(
            base64_side(text.encode(charset))["data"], Encoding.BASE64, f"{content_type}; charset={charset}"
        )
        body = read_body(encoded, PayloadOptions(), is_answer=False)
        plain = read_body(Payload(text, Encoding.JSON, content_type), PayloadOptions(), is_answer=False)
        assert isinstance(body, Body)
        assert isinstance(plain, Body)
        assert exact(body.content) == exact(plain.content)


@given(
    st.lists(
        st.lists(
            st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=5,
    )
)
def test_one_call_is_the_same_in_any_encoding(rows: list[list[float]]) -> None:
    """Numbers in CSV, JSON, JSON Lines and BASE64 become the same inferences."""
    texts = {"text/csv": render_csv([list(map(repr, row)) for row in rows]), "application/json": render_json(rows)}
    texts["application/jsonlines"] = "\n".join(map(render_json, rows))
    sides = [
        csv_side(texts["text/csv"]),
        json_side(texts["application/json"]),
        json_side(texts["application/jsonlines"], "application/jsonlines"),
    ]
    sides += [base64_side(text.encode(), content_type) for content_type, text in texts.items()]
    sides += [base64_side(texts["text/csv"].encode()), base64_side(texts["application/json"].encode())]
    for side in sides:
        assert exact(read(side, len(rows))) == exact(named(rows))
