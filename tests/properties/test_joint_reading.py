"""Both sides of a call are read together: as the reference reads them, without loss, and by content alone."""

import json
from random import Random
from typing import Any

import pytest

from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.kinds.captures.plain import PlainPath
from tests.properties.both_readers import by_project, by_reference, code_of, exact, shown
from tests.properties.conservation import lost, with_unique_scalars
from tests.properties.generated_batches import ORDERED, Batch, Named, Part
from tests.properties.generated_calls import damaged_call, dressed, generated_call, paired, random_document, side
from tests.properties.generated_columns import COLUMNS
from tests.support.captures import Side, capture

PATH = PlainPath(DecodingOptions())


@pytest.mark.parametrize("first", range(1, 601, 100))
def test_the_reference_reads_the_same(first: int) -> None:
    """Rows, names and values of generated calls over all layouts; the result is known, too."""
    for seed in range(first, first + 100):
        call = generated_call(Random(seed))
        expected = exact(call.rows)
        assert exact(shown(by_reference(call.request, call.answer))) == expected, f"seed {seed}, {call.layouts}"
        assert exact(shown(by_project(PATH, call.line))) == expected, f"seed {seed}, {call.layouts}"


@pytest.mark.parametrize("first", range(1, 301, 100))
def test_no_value_of_a_generated_call_is_lost(first: int) -> None:
    """Every scalar of both payloads is in an inference, as often as it occurs; no other value is."""
    for seed in range(first, first + 100):
        call = generated_call(Random(seed))
        assert not lost(call.request, call.answer, by_project(PATH, call.line)), f"seed {seed}, {call.layouts}"


@pytest.mark.parametrize("first", range(1, 1001, 250))
def test_no_value_of_a_random_call_is_lost(first: int) -> None:
    """Documents of any shape, CSV, and damaged payloads: a call is rejected, or all values arrive."""
    for seed in range(first, first + 250):
        random = Random(seed)
        request, answer = damaged_call(random) if seed % 2 else (random_side(random), random_side(random))
        assert not lost(request, answer, by_project(PATH, capture(request, answer))), f"seed {seed}: {request} {answer}"


def random_side(random: Random) -> Side:
    """Return a payload of any shape where no value occurs twice."""
    document = with_unique_scalars(random_document(random, random.randint(1, 4)), [random.randrange(9) * 1000])
    return side(json.dumps(document), "JSON", "application/json")


@pytest.mark.parametrize("first", range(1, 301, 100))
def test_key_order_and_white_space_change_nothing(first: int) -> None:
    """Neither in payloads nor in the record, where either side may come first."""
    for seed in range(first, first + 100):
        random = Random(seed)
        call = generated_call(random)
        line = capture(turned(random, call.request), turned(random, call.answer))
        shuffled = json.dumps(mixed(random, json.loads(line)), indent=None, separators=(" , ", " :  ")).encode()
        assert same(shuffled, call.line), f"seed {seed}, {call.layouts}"


def turned(random: Random, given: Side) -> Side:
    """Return a payload with its keys in another order and other white space; keys of pandas frames keep their order."""
    try:
        document = json.loads(given["data"])
    except ValueError:
        return given
    if given["encoding"] != "JSON" or isinstance(document, str):
        return given
    is_line = "jsonlines" in given["observedContentType"] or "ndjson" in given["observedContentType"]
    indent = None if is_line else random.choice((None, 3))
    return given | {"data": json.dumps(mixed(random, document), indent=indent)}


def mixed(random: Random, document: Any) -> Any:
    """Return a document with the keys of its objects in another order."""
    if isinstance(document, list):
        return [mixed(random, one) for one in document]
    if not isinstance(document, dict):
        return document
    keys = list(document)
    if not any(key.isdigit() for key in keys):
        random.shuffle(keys)
    return {key: mixed(random, document[key]) for key in keys}


def same(line: bytes, other: bytes) -> bool:
    """Tell whether two lines are read the same, codes of rejections included."""
    one, two = by_project(PATH, line), by_project(PATH, other)
    return exact(shown(one)) == exact(shown(two)) and code_of(one) == code_of(two)


@pytest.mark.parametrize("first", range(1, 201, 100))
def test_unknown_keys_of_the_record_change_nothing(first: int) -> None:
    """Newer captures may have more keys than those that are known today."""
    for seed in range(first, first + 100):
        call = generated_call(Random(seed))
        record = json.loads(call.line)
        record["containerName"] = "c"
        record["captureData"]["endpointOther"] = {"data": "1,2", "encoding": "CSV"}
        record["eventMetadata"]["targetModel"] = {"name": ["m"]}
        record["captureData"]["endpointInput"]["length"] = 7
        assert same(json.dumps(record).encode(), call.line), f"seed {seed}, {call.layouts}"


@pytest.mark.parametrize("request_layout", ORDERED + COLUMNS, ids=lambda layout: layout.__name__)
def test_names_do_not_depend_on_the_number_of_rows(request_layout: Any) -> None:
    """A batch of one has the names of a batch of many, in every layout."""
    for answer_layout in ORDERED + COLUMNS:
        for seed in range(2):
            batches = [of_rows(seed, n, request_layout, answer_layout) for n in (1, 2, 4)]
            names = {tuple(sorted(found)) for batch in batches if batch for found in names_of(batch)}
            assert len(names) <= 1, (answer_layout.__name__, seed, names)


def of_rows(seed: int, n: int, request_layout: Any, answer_layout: Any) -> bytes | None:
    """Return a call of n rows in two layouts; `None` if it would be rejected or there is none."""
    request: Part | None = request_layout(Batch(Random(seed), n, answer=False))
    answer: Part | None = answer_layout(Batch(Random(seed + 1000), n, answer=True))
    if not request or not answer or (n > 1 and not paired(request, answer)):
        return None
    return capture(dressed(Random(seed), request), dressed(Random(seed), answer))


def names_of(line: bytes) -> list[list[str]]:
    """Return the names of each inference of a call that must not be rejected."""
    rows = shown(by_project(PATH, line))
    assert rows, line
    inferences: list[tuple[Named, Named]] = [row for row in rows if row]
    return [[*inputs, *(f"output.{name}" for name in outputs)] for inputs, outputs in inferences]
