"""Values of Arthur's types with a structure: lists stay lists, text that holds one is decoded, others are misfits."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from capture_forwarder.domain.converters import typed
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.inference import Inference, Value
from capture_forwarder.domain.route import UnknownAttributes
from capture_forwarder.domain.schema import STRUCTURES, Attribute, ModelSchema, Stage, ValueType
from capture_forwarder.payloads.naming import schema_names

NUL, NOON = None, "2026-01-15T12:00:00Z"
FITS: list[tuple[ValueType, list[Any]]] = [
    (ValueType.TOKENS, ["Once", " upon", NUL, ""]),
    (ValueType.TOKENS, []),
    (ValueType.STRING_ARRAY, ["k1", "k2"]),
    (ValueType.TOKEN_LIKELIHOODS, [{"Once": 0.9, "One": 0.1}, {" upon": 1}, {}, {"a": NUL}]),
    (ValueType.RANKED_LIST, [{"item_id": "k1", "score": 0.9, "label": "pear"}, {"item_id": "k2"}]),
    (ValueType.RANKED_LIST, [{"item_id": "k1", "score": NUL, "label": NUL, "price": [3]}]),
    (ValueType.BOUNDING_BOX, [[0, 0.97, 10, 20.5, 30, 40], [1, 0.5, 1, 2, 3, 4]]),
    (ValueType.BOUNDING_BOX, [[]]),
    (
        ValueType.TIME_SERIES,
        [{"timestamp": NOON, "value": 7}, {"timestamp": "2026-01-16 12:00:00+01:00", "value": NUL}],
    ),
]
MISFITS: list[tuple[ValueType, Any]] = [
    *((one, value) for one in sorted(STRUCTURES) for value in (7, True, {"a": 1}, "Once upon", "{}", "7", "[NaN]", "[" * 5000)),
    *((one, value) for one in sorted(STRUCTURES) for value in ([7], [True], "[\ud800]", '["\ud800"')),
    (ValueType.TOKENS, [["Once"]]),
    (ValueType.STRING_ARRAY, [{"a": 1}]),
    (ValueType.TOKEN_LIKELIHOODS, ["Once"]),
    (ValueType.TOKEN_LIKELIHOODS, [{"Once": "0.9"}]),
    (ValueType.TOKEN_LIKELIHOODS, [{"Once": True}]),
    (ValueType.TOKEN_LIKELIHOODS, [NUL]),
    (ValueType.RANKED_LIST, ["k1"]),
    (ValueType.RANKED_LIST, [{"score": 0.9}]),
    (ValueType.RANKED_LIST, [{"item_id": 7}]),
    (ValueType.RANKED_LIST, [{"item_id": "k1", "score": "high"}]),
    (ValueType.RANKED_LIST, [{"item_id": "k1", "label": 3}]),
    (ValueType.BOUNDING_BOX, [0, 0.97, 10, 20, 30, 40]),
    (ValueType.BOUNDING_BOX, [{"class": 0}]),
    (ValueType.BOUNDING_BOX, [["0"]]),
    (ValueType.TIME_SERIES, [{"value": 7}]),
    (ValueType.TIME_SERIES, [{"timestamp": "", "value": 7}]),
    (ValueType.TIME_SERIES, [{"timestamp": "2026-01-15T12:00:00", "value": 7}]),
    (ValueType.TIME_SERIES, [{"timestamp": NOON, "value": "7"}]),
    (ValueType.TIME_SERIES, [7]),
]  # fmt: skip


@pytest.mark.parametrize(("value_type", "value"), FITS)
def test_a_list_keeps_its_structure(value_type: ValueType, value: list[Any]) -> None:
    """It is sent as it was captured, and so is the list in a text."""
    assert typed(value, value_type) == value
    assert typed(f" {msgspec.json.encode(value).decode()}\n", value_type) == value


@pytest.mark.parametrize(("value_type", "value"), MISFITS, ids=str)
def test_another_structure_does_not_fit(value_type: ValueType, value: Any) -> None:
    """The message names the expected form and never holds the value."""
    with pytest.raises(ValueError, match=r"^not a list of "):
        typed(value, value_type)


@pytest.mark.parametrize("value_type", sorted(STRUCTURES))
def test_empty_text_and_null_are_null(value_type: ValueType) -> None:
    """A missing value needs no structure."""
    assert typed(None, value_type) is None
    assert typed("  ", value_type) is None


@pytest.mark.parametrize("value", [7, ["a.png"], {"path": "a.png"}])
def test_an_image_is_a_text(value: Any) -> None:
    """It is the path of the image; its bytes are not captured."""
    assert typed("images/a.png", ValueType.IMAGE) == "images/a.png"
    with pytest.raises(ValueError, match=r"^not the path of an image$"):
        typed(value, ValueType.IMAGE)


SCHEMA = ModelSchema(
    (
        Attribute("text.tokens", Stage.PREDICTED_VALUE, ValueType.TOKENS, 0),
        Attribute("items", Stage.PREDICTED_VALUE, ValueType.RANKED_LIST, 1),
        Attribute("score", Stage.PREDICTED_VALUE, ValueType.FLOAT, 2),
    )
)
TOKENS, ITEMS = ["a", "b"], [{"item_id": "k"}]


@pytest.mark.parametrize(
    "row",
    [
        {"text.tokens": TOKENS, "items": ITEMS, "score": 0.5},
        {"text": {"tokens": TOKENS}, "items": ITEMS, "score": 0.5},
        [TOKENS, ITEMS, 0.5],
        ['["a","b"]', '[{"item_id":"k"}]', "0.5"],
    ],
    ids=["names", "nested names", "by position", "cells"],
)
def test_a_structure_is_never_flattened(row: Any) -> None:
    """Neither by name nor by position, at any depth."""
    found = schema_names(row, SCHEMA.outputs, UnknownAttributes.REJECT)
    assert found == {"text.tokens": TOKENS, "items": ITEMS, "score": 0.5}
    assert SCHEMA.outputs.structures == {"text.tokens", "items"}
    assert SCHEMA.inputs.structures == frozenset()


def test_a_misfit_names_the_attribute_and_its_type() -> None:
    """As for any other type."""
    found = schema_names({"items": ["k"]}, SCHEMA.outputs, UnknownAttributes.REJECT)
    assert not isinstance(found, dict)
    assert found.code is RejectionCode.VALUE_TYPE_MISMATCH
    assert found.why.startswith("attribute items expects RANKED_LIST: not a list of objects with item_id")


def test_an_inference_holds_the_list() -> None:
    """The wire writes it as JSON."""
    values: dict[str, Value] = {"items": ITEMS}
    inference = Inference("id", datetime.fromisoformat(NOON), {}, values, 1, 0)
    assert msgspec.json.encode(inference.data) == b'{"items":[{"item_id":"k"}]}'
