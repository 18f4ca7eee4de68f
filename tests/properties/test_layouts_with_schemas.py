"""Calls over all layouts with a schema: the values as the schema types them, and both paths alike to the byte."""

from random import Random

import pytest

from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.kinds.captures.plain import PlainPath
from tests.properties.both_readers import by_project, exact, shown
from tests.properties.compiled_paths import Paths
from tests.properties.generated_calls import Call, generated_call
from tests.properties.generated_options import decoding_options, generated_options
from tests.properties.generated_schemas import schema_of, typed

# A list in a cell is one ordered value, so a schema of plain values does not fit it.
UNFIT = ("csv lists", "error in csv lists")


def calls(first: int, count: int = 100) -> list[Call]:
    """Return generated calls that a schema fits."""
    found = [generated_call(Random(seed)) for seed in range(first, first + count)]
    return [call for call in found if call.rows and call.layouts[1] not in UNFIT]


@pytest.mark.parametrize("first", range(1, 301, 100))
def test_a_schema_types_the_values_of_every_layout(first: int) -> None:
    """Ordered values map by position, others by name, and values of the call where the schema has their names."""
    for call in calls(first):
        if schema := schema_of(call.rows):
            found = by_project(PlainPath(DecodingOptions(), schema), call.line)
            assert exact(shown(found)) == exact(typed(call.rows, schema)), call


@pytest.mark.parametrize("first", range(1, 301, 100))
def test_both_paths_make_the_same_of_every_layout(first: int) -> None:
    """Each path first learns a call, then meets others of the same schema, declaration or layout."""
    compiled = 0
    for call in calls(first):
        if not (schema := schema_of(call.rows)):
            continue
        paths = Paths(schema)
        lines = [call.line, *(other.line for other in calls(first, 3))]
        for line in lines:
            paths.learn(line)
            compiled += paths.compiled_rows(line) is not None
        compiled += paths.compiled_rows(lines[0]) is not None
    assert compiled > 2


@pytest.mark.parametrize("first", range(1, 601, 300))
def test_both_paths_make_the_same_under_every_option(first: int) -> None:
    """A path that took another reading than the route's option names would make other bytes."""
    compiled = 0
    for seed in range(first, first + 300):
        call, options = generated_call(Random(seed)), generated_options(Random(seed))
        if schema := schema_of(call.rows):
            paths = Paths(schema, decoding_options(options))
            paths.learn(call.line)
            compiled += paths.compiled_rows(call.line) is not None
    assert compiled > 2
