"""Calls of a skeleton that was learned from an example: the compiled path makes exactly the bytes of the plain path."""

import os
from random import Random

import pytest

from capture_forwarder.domain.route import DecodingOptions, RowForm
from capture_forwarder.domain.schema import ModelSchema
from tests.properties.changed_values import changed
from tests.properties.compiled_paths import Paths
from tests.properties.generated_calls import Call, generated_call
from tests.properties.generated_options import decoding_options, generated_options
from tests.properties.generated_schemas import schema_of
from tests.support.captures import capture

# The long form of these tests reads as many calls as this variable says.
_CALLS = int(os.environ.get("LEARNED_CALLS", "300"))
_PARTS = 3
_APART = DecodingOptions(form=RowForm.APART)


def compiled_of(call: Call, chance: Random, schema: ModelSchema | None, options: DecodingOptions) -> int:
    """Return how many calls with other values the compiled path reads, each as the plain path reads it."""
    paths = Paths(schema, options)
    for _ in range(2):
        paths.learn(call.line)
    compiled = 0
    for place in range(8):
        request, answer = (changed(chance, side, skeleton=place > 2) for side in (call.request, call.answer))
        compiled += paths.compiled_rows(capture(request, answer)) is not None
    return compiled


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("options", [DecodingOptions(), _APART], ids=["flat", "apart"])
def test_other_values_are_put_where_the_plain_path_puts_them(part: int, options: DecodingOptions) -> None:
    """Also values with a meaning, other names, another order of names, other lengths and other kinds."""
    compiled = 0
    for seed in range(part, _CALLS, _PARTS):
        chance = Random(seed)
        compiled += compiled_of(generated_call(chance), chance, None, options)
    assert compiled > _CALLS // 3


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_schema_types_the_values_of_a_skeleton(part: int) -> None:
    """A value of another type is left to the plain path."""
    compiled = 0
    for seed in range(part, _CALLS, _PARTS):
        chance = Random(seed)
        call = generated_call(chance)
        if schema := schema_of(call.rows):
            compiled += compiled_of(call, chance, schema, DecodingOptions())
    assert compiled > _CALLS // 6


@pytest.mark.parametrize("part", range(_PARTS))
def test_options_of_the_route_decide_about_a_skeleton(part: int) -> None:
    """Layouts that a route names, rows at a path, values of the whole call."""
    for seed in range(part, _CALLS, _PARTS):
        chance = Random(seed)
        call, options = generated_call(chance), generated_options(Random(seed))
        compiled_of(call, chance, None, decoding_options(options))
