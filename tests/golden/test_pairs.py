"""Worked pairs: the request and the answer of a call, as public servers write them, and the rows of the call.

`pairs.json` has the examples of `docs/formats.md`, `pairs_more.json` further calls of the same kinds.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from capture_forwarder.domain.delivery import Rejection
from capture_forwarder.domain.inference import Inference
from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.kinds.captures.plain import Decoded, Outcome
from tests.support.captures import capture, outcome_of

FOLDER = Path(__file__).parent
PAIRS: list[dict[str, Any]] = [
    pair for path in sorted(FOLDER.glob("pairs*.json")) for pair in json.loads(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["server"])
def test_a_pair_becomes_what_the_rule_says(pair: dict[str, Any]) -> None:
    """Every row with its names, values and types in their order, or the code of the rejection."""
    outcome = outcome_of_pair(pair)
    if "rejection" in pair:
        assert isinstance(outcome, Rejection), outcome
        assert outcome.code == pair["rejection"], outcome.why
        assert [word for word in pair["why_names"] if word not in outcome.why] == [], outcome.why
        return
    assert isinstance(outcome, Decoded), outcome
    assert len(outcome.rows) == len(pair["rows"])
    assert [found(*both) for both in zip(outcome.rows, pair["rows"], strict=True)] == [*map(exact, pair["rows"])]


def test_every_pair_has_a_name_of_its_own() -> None:
    """The name leads from a failed test to its record."""
    assert len({pair["server"] for pair in PAIRS}) == len(PAIRS)


def outcome_of_pair(pair: dict[str, Any]) -> Outcome:
    """Return the rows of a pair, by the options and the schema of its record."""
    schema = msgspec.convert({"attributes": pair["schema"]}, ModelSchema) if "schema" in pair else None
    return outcome_of(capture(side(pair["request"]), side(pair["answer"])), options(pair.get("options", {})), schema)


def side(one: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return one side of a call as SageMaker writes it, or `None` if it was not captured."""
    if one is None:
        return None
    return {"observedContentType": one["content_type"], "data": one["data"], "encoding": one["encoding"]}


def options(route: dict[str, Any]) -> DecodingOptions:
    """Return options that a record gives by their names in `forwarder.toml`."""
    chosen: dict[str, Any] = {"input": {}, "output": {}}
    for name, value in route.items():
        direction, _, option = name.partition("_")
        if direction in ("input", "output"):
            chosen[direction][option] = value
        else:
            chosen[name] = value
    return msgspec.convert(chosen, DecodingOptions)


def found(row: Inference | Rejection, wanted: dict[str, Any]) -> str:
    """Return a row as `exact` writes its record; where the record lists values, their names do not count."""
    if isinstance(row, Rejection):
        return exact({"rejection": str(row.code)})
    sides = {"inputs": row.inputs, "outputs": row.outputs}
    listed = {name: isinstance(wanted.get(name), list) for name in sides}
    return exact({name: [*values.values()] if listed[name] else values for name, values in sides.items()})


def exact(row: dict[str, Any]) -> str:
    """Return a row as text, where 1, 1.0 and "1" differ, and so does another order of names."""
    return json.dumps(row, ensure_ascii=False)
