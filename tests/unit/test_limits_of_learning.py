"""The limits of what is learned from calls: callers choose names, lengths and content types."""

from capture_forwarder.destinations.arthur.wire import Row
from capture_forwarder.domain.route import DecodingOptions, IdSource, PayloadOptions
from capture_forwarder.kinds.captures.compiled import CompiledPath
from capture_forwarder.kinds.captures.learned_calls import LEARNED
from tests.properties.compiled_paths import Paths
from tests.support.captures import capture, json_side
from tests.unit.test_learned_calls import NESTED, SCORE, is_compiled, learned


def test_skeletons_without_end_are_bounded() -> None:
    """After many skeletons that came twice, others are left to the plain path; the last ones are known."""
    paths = Paths(None)
    lines = [capture(json_side({"a": {f"n{n}": 1}}), json_side(SCORE)) for n in range(80)]
    for line in lines:
        for _ in range(2):
            paths.learn(line)
    known = [paths.compiled_rows(line) is not None for line in lines]
    assert known[-8:] == [True] * 8
    assert known.count(True) < len(lines)


def test_skeletons_that_never_come_again_end_the_learning() -> None:
    """The next call that comes twice is then not learned."""
    paths = Paths(None)
    for n in range(600):
        paths.learn(capture(json_side({"a": {f"n{n}": 1}}), json_side(SCORE)))
    line = capture(json_side(NESTED), json_side(SCORE))
    for _ in range(2):
        paths.learn(line)
    assert paths.compiled_rows(line) is None


def test_learned_calls_of_a_route_are_kept_for_its_next_run() -> None:
    """Its first call of a reading is read by the plain path, so that a changed layout is noticed in every run."""
    options = DecodingOptions(id_source=IdSource.EVENT_ID, input=PayloadOptions())
    paths = learned(NESTED, SCORE, id_source=IdSource.EVENT_ID)
    assert LEARNED.of(options, None) is LEARNED.of(options, None)
    assert LEARNED.of(DecodingOptions(), None).leaf_count == 0
    line = capture(json_side(NESTED), json_side(SCORE))
    paths.compiled = CompiledPath(options, None, Row)
    assert paths.compiled_rows(line) is None
    paths.learn(line)
    assert paths.compiled_rows(line) is not None


def test_texts_with_any_number_of_commas_are_read() -> None:
    """The number of commas only says which decoder is tried first."""
    paths = learned(NESTED, SCORE)
    for _ in range(2):
        paths.learn(capture(json_side({"other": NESTED}), json_side(SCORE)))
    for count in range(300):
        called = {"user": {"age": 3, "name": "," * count}}
        assert is_compiled(paths, called, SCORE)
        assert is_compiled(paths, {"other": called}, SCORE)


def test_what_is_learned_is_bounded_by_declarations_skeletons_and_routes() -> None:
    """Callers choose content types and names, so a limit forgets all, and learning begins again."""
    paths = Paths(None)
    for n in range(70):
        line = capture(json_side(NESTED, f"application/json; v={n}"), json_side(SCORE))
        for other in range(5):
            paths.learn(capture(json_side({"a": {f"n{n}_{other}": 1}}), json_side(SCORE)))
        for _ in range(2):
            paths.learn(line)
        assert paths.compiled_rows(line)
    for chars in range(1030):
        LEARNED.of(DecodingOptions(max_partner_id_chars=chars), None)
    assert LEARNED.of(DecodingOptions(), None).leaf_count == 0


def test_batches_of_several_sizes_in_turns_are_read() -> None:
    """The number of commas says which decoder is tried first."""
    batches = [
        ({"a": [1] * count, "b": ["x"] * count}, {"scores": [0.5] * count, "more": [1] * count}) for count in (2, 3)
    ]
    paths = learned(*batches[0])
    for _ in range(2):
        paths.learn(capture(*map(json_side, batches[1])))
    for request, answer in batches * 3:
        assert is_compiled(paths, request, answer)
