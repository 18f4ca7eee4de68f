"""Any bytes as a line become inferences, a rejection or a skip; no exception, and no captured data in a rejection."""

import base64
import json
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Rejection
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from tests.fuzz.mutator import Mutator, seeds
from tests.fuzz.promises import ending, routes
from tests.support.captures import capture, csv_side, json_side, outcome_of

TRANSFORMS = st.sampled_from(list(routes().values()))
SEEDS = seeds()
SENTINEL = "sEnTiNeL-51"

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
KEYS = st.sampled_from(
    [
        "instances",
        "predictions",
        "features",
        "data",
        "values",
        "keys",
        "shape",
        "name",
        "datatype",
        "inputs",
        "outputs",
        "columns",
        "dataframe_split",
        "error",
        "code",
        "message",
        "a",
        "a.b",
    ]
) | st.text(max_size=5)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
ENCODINGS = st.sampled_from(["CSV", "JSON", "BASE64", "PARQUET"])
TYPES = st.sampled_from(
    [None, "text/csv", "application/json", "application/jsonlines; charset=utf-16", "image/png", "text/html"]
) | st.text(max_size=12)


@given(st.binary(max_size=200), TRANSFORMS)
def test_any_bytes_are_counted(data: bytes, transform: PlainPath) -> None:
    """The content of a line never raises."""
    ending(data, transform)


@given(st.randoms(use_true_random=False), TRANSFORMS)
def test_changed_real_lines_are_counted(random: Random, transform: PlainPath) -> None:
    """Lines that are almost right reach more code than random bytes."""
    ending(Mutator(SEEDS, random).line(), transform)


@given(
    st.lists(st.tuples(st.binary(max_size=60) | st.text(max_size=40), ENCODINGS, TYPES), min_size=2, max_size=2),
    TRANSFORMS,
)
def test_any_payload_is_counted(sides: list[tuple[bytes | str, str, str | None]], transform: PlainPath) -> None:
    """Any text under any encoding and any declared type."""
    ending(capture(*map(_side, sides)), transform)


@given(DOCUMENTS, DOCUMENTS, st.sampled_from(["JSON", "BASE64"]), TRANSFORMS)
def test_any_json_is_counted(request_: Any, answer: Any, encoding: str, transform: PlainPath) -> None:
    """Documents with the keys of real layouts, and with bare NaN."""
    sides = [(json.dumps(document), encoding, "application/json") for document in (request_, answer)]
    ending(capture(*map(_side, sides)), transform)


def _side(side: tuple[bytes | str, str, str | None]) -> dict[str, Any]:
    data, encoding, content_type = side
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    text = base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode("utf-8", "replace")
    return {"data": text, "encoding": encoding, "observedContentType": content_type, "mode": "INPUT"}


@given(DOCUMENTS, st.sampled_from(["JSON", "CSV", "BASE64", "bad64", SENTINEL]), TRANSFORMS)
def test_no_rejection_holds_captured_data(document: Any, encoding: str, transform: PlainPath) -> None:
    """The sentence is written to logs."""
    marked = json.dumps(_marked(document))
    data = base64.b64encode(marked.encode()).decode() if encoding == "BASE64" else marked
    kind = {"bad64": "BASE64"}.get(encoding, encoding)
    side = {"data": data, "encoding": kind, "observedContentType": f"image/{SENTINEL}" if kind == "BASE64" else None}
    for line in (capture(side, side), capture(side, csv_side(SENTINEL)), capture(csv_side("1"), side, time=SENTINEL)):
        for rejection in _rejections(line, transform):
            assert SENTINEL.lower() not in rejection.why.lower()


def _marked(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _marked(value) for key, value in document.items()}
    return list(map(_marked, document)) if isinstance(document, list) else f"{SENTINEL}{document}"


def _rejections(line: bytes, transform: PlainPath) -> list[Rejection]:
    """Return every rejection that `line` leads to."""
    outcome = transform(Line(1, 0, len(line) + 1, line))
    rows = outcome.rows if isinstance(outcome, Decoded) else [outcome]
    return [row for row in rows if isinstance(row, Rejection)]


@pytest.mark.parametrize(
    "side",
    [
        csv_side("1" * 200_000 + "x"),
        json_side("NaN" + '\\"' * 200_000),
        json_side({"inputs": [{"name": "a", "datatype": "FP32", "shape": [2**63 - 1] * 100_000, "data": [1]}]}),
        json_side("[" * 200_000),
        json_side('{"a":' * 200_000),
        csv_side('"' * 200_001),
        csv_side("," * 200_000),
        json_side("\n" * 200_000 + "{"),
        json_side({"instances": [{"data": {"features": {"keys": [0], "shape": [2**62], "values": [1]}}}]}),
    ],
    ids=["digits", "quotes", "dimensions", "lists", "objects", "csv quotes", "commas", "blank lines", "sparse"],
)
def test_no_body_costs_more_than_its_length(side: dict[str, Any]) -> None:
    """The time for hostile bodies grows linearly with their size."""
    started = time.process_time()
    outcome_of(capture(side, side))
    assert time.process_time() - started < 5  # quadratic time takes minutes
