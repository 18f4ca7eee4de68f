"""Partner inference ids: the same for a call every time, and different for two calls, with one exception."""

from hypothesis import given
from hypothesis import strategies as st

from capture_forwarder.domain.inference import Inference, PartnerInferenceId
from capture_forwarder.domain.route import DecodingOptions, IdSource
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import capture, csv_side, outcome_of

BY_EVENT = DecodingOptions(id_source=IdSource.EVENT_ID)


def ids_of(event_id: str, rows: int, inference_id: str | None = None, options: DecodingOptions = BY_EVENT) -> list[str]:
    """Return the ids of one call of `rows` rows."""
    side = csv_side("\n".join(["1"] * rows))
    outcome = outcome_of(capture(side, side, eventId=event_id, inferenceId=inference_id), options)
    assert isinstance(outcome, Decoded)
    return [row.partner_inference_id for row in outcome.rows if isinstance(row, Inference)]


@given(st.text(min_size=1, max_size=200), st.integers(1, 500))
def test_rows_of_one_call_have_different_ids(call_id: str, count: int) -> None:
    """For any id of the call."""
    assert len({PartnerInferenceId.for_row(call_id, index, count) for index in range(count)}) == count


@given(
    st.dictionaries(st.uuids().map(str), st.integers(1, 12), min_size=1, max_size=8), st.sampled_from([None, "0", "a"])
)
def test_event_ids_keep_calls_apart(calls: dict[str, int], inference_id: str | None) -> None:
    """With `id_source = "event-id"` no two inferences share an id, though every caller used the same inference id."""
    ids = [one for event_id, rows in calls.items() for one in ids_of(event_id, rows, inference_id)]
    assert len(set(ids)) == len(ids) == sum(calls.values())


@given(st.uuids().map(str), st.integers(1, 12))
def test_ids_are_the_same_every_time(event_id: str, rows: int) -> None:
    """Sending a line again is harmless, because its rows have the same ids."""
    assert ids_of(event_id, rows) == ids_of(event_id, rows)


def test_inference_ids_of_callers_may_collide() -> None:
    """A lone call `a_0` has the id of row 0 of a call `a` of two rows; `id_source = "event-id"` keeps them apart."""
    callers = DecodingOptions()
    assert ids_of("event-1", 1, "a_0", callers) == ["a_0"]
    assert ids_of("event-2", 2, "a", callers) == ["a_0", "a_1"]
    assert ids_of("event-1", 1, "a_0") == ["event-1"]
    assert ids_of("event-2", 2, "a") == ["event-2_0", "event-2_1"]
