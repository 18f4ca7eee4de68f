"""Replay: the rows of an entry that are sent again, and the rest of the entry after it."""

from collections import Counter
from pathlib import Path
from threading import Event

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    DestinationDenied,
    DestinationUnavailable,
    Receipt,
    RejectionCode,
)
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided
from capture_forwarder.domain.schema import ModelSchema
from tests.support.captures import capture, csv_side
from tests.support.fakes import RecordingDestination
from tests.support.memory_stores import MemoryQueue
from tests.support.memory_world import NO, answers, fails, on_either_path
from tests.support.replay_world import (
    AMBIGUOUS,
    CHURN,
    ReplayWorld,
    call_of,
    line_entry,
    object_entry,
    rejected,
    rows_entry,
)


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


@on_either_path
def test_an_entry_whose_rows_are_accepted_is_removed(world: ReplayWorld, schema: ModelSchema | None) -> None:
    """Every row has the id that it always had; the file stays without entries."""
    world.routes["churn"] = replace(CHURN, schema=schema)
    world.keep("a", line_entry(call_of("e", 2)))
    report = world.replay()
    assert (report.selected, report.removed) == (1, 1)
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=2, accepted=2)
    assert list(world.destination.stored) == ["e_0", "e_1"]
    assert world.entries() == {"a": []}
    assert world.finished == [1]


def test_an_entry_whose_rows_are_duplicates_is_removed(world: ReplayWorld) -> None:
    """The destination has these rows already."""
    for _ in range(2):
        world.keep("a", line_entry(call_of("e")))
        report = world.replay()
    assert report.inferences == InferenceCounts(made=1, duplicate=1)
    assert world.entries() == {"a": []}


@on_either_path
def test_the_entry_of_a_row_sends_only_this_row(world: ReplayWorld, schema: ModelSchema | None) -> None:
    """The other rows of the call were accepted before."""
    world.routes["churn"] = replace(CHURN, schema=schema)
    world.keep("a", rows_entry("e", 3, rejected(1)))
    report = world.replay()
    assert world.destination.batches == [["e_1"]]
    assert world.destination.data("e_1")["feature_0"] == 1
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=1, accepted=1)
    assert world.entries() == {"a": []}


def test_an_entry_of_several_rows_sends_these_rows(world: ReplayWorld) -> None:
    """Every entry counts as a line."""
    world.keep("a", rows_entry("e", 3, rejected(0), rejected(2, why="other")), rows_entry("f", 2, rejected(0)))
    report = world.replay()
    assert world.destination.batches == [["e_0", "e_2", "f_0"]]
    assert report.lines == LineCounts(read=2, decoded=2)
    assert (report.selected, report.removed) == (2, 2)


def test_a_row_that_is_rejected_again_has_its_new_reason(world: ReplayWorld) -> None:
    """Only this row stays, with the line and the id of the call."""
    wrong_type = rejected(1, code=RejectionCode.VALUE_TYPE_MISMATCH)
    world.keep("a", rows_entry("e", 3, rejected(0), wrong_type))
    world.destination.script = [answers(ACCEPTED, NO)]
    report = world.replay()
    assert world.entries() == {"a": [rows_entry("e", 3, rejected(1, why="status 400: no"))]}
    assert report.inferences == InferenceCounts(
        made=2, accepted=1, rejected=Counter([RejectionCode.REFUSED_BY_DESTINATION])
    )
    assert report.left == {"rejected again: refused_by_destination": 1}


def test_rejected_rows_of_a_line_are_its_entry(world: ReplayWorld) -> None:
    """The next replay sends no row that was accepted."""
    world.keep("a", line_entry(call_of("e", 3)))
    world.destination.script = [answers(ACCEPTED, NO, NO)]
    world.replay()
    assert world.entries() == {"a": [rows_entry("e", 3, rejected(1, 2, why="status 400: no"))]}
    assert world.replay().complete
    assert world.destination.batches == [["e_0", "e_1", "e_2"], ["e_1", "e_2"]]


def test_a_line_that_is_rejected_again_has_its_new_reason(world: ReplayWorld) -> None:
    """The new code replaces the old one, and no row is sent."""
    world.keep("a", line_entry(b"{}"))
    report = world.replay()
    (left,) = world.entries()["a"]
    assert left == line_entry(b"{}", code=RejectionCode.NOT_A_CAPTURE, why=left.rejections[0].reason.why)
    assert left.rejections[0].reason.why != "the old reason"
    assert report.lines.rejected == {RejectionCode.NOT_A_CAPTURE: 1}
    assert world.destination.batches == []


def test_rows_whose_line_is_rejected_now_stay_rows(world: ReplayWorld) -> None:
    """They have the new reason of their line, and keep indices and id. The line is counted as rejected."""
    world.keep("a", rows_entry("e", 3, rejected(2), rejected(0, why="other"), data=b"{}"))
    report = world.replay()
    (left,) = world.entries()["a"]
    reason = left.rejections[0].reason
    assert reason.code is RejectionCode.NOT_A_CAPTURE
    assert left == rows_entry("e", 3, rejected(0, 2, code=reason.code, why=reason.why), data=b"{}")
    assert report.lines.rejected == {RejectionCode.NOT_A_CAPTURE: 1}
    assert report.left == {"rejected again: not_a_capture": 1}


def test_rows_that_the_forwarder_rejects_are_left(world: ReplayWorld) -> None:
    """They are handled like rows that the destination rejects."""
    world.set_options(DecodingOptions(max_partner_id_chars=2))
    world.keep("a", line_entry(call_of("ee", 2)))
    report = world.replay()
    (left,) = world.entries()["a"]
    assert [list(one.rows or ()) for one in left.rejections] == [[0, 1]]
    assert (left.inference_id, left.row_count) == (None, 2)
    assert report.inferences.rejected == {RejectionCode.PARTNER_ID_TOO_LONG: 2}
    assert report.left == {"rejected again: partner_id_too_long": 1}


def test_a_row_is_sent_although_another_row_of_its_line_is_rejected(world: ReplayWorld) -> None:
    """Only the row that is rejected again stays."""
    world.keep("a", rows_entry("e", 3, rejected(0, 1, 2), data=AMBIGUOUS))
    report = world.replay()
    assert world.destination.batches == [["e_1", "e_2"]]
    assert world.destination.data("e_2")["c"] == 2
    (left,) = world.entries()["a"]
    why = left.rejections[0].reason.why
    assert left == rows_entry("e", 3, rejected(0, code=RejectionCode.AMBIGUOUS_NAME, why=why), data=AMBIGUOUS)
    assert report.inferences.rejected == {RejectionCode.AMBIGUOUS_NAME: 1}


def test_rows_beside_a_row_that_cannot_be_sent_are_found(world: ReplayWorld) -> None:
    """A rejected row of the line that the entry does not name is not reported, and not sent."""
    world.keep("a", rows_entry("e", 3, rejected(2), data=AMBIGUOUS))
    assert world.replay().complete
    assert world.destination.batches == [["e_2"]]
    assert world.destination.data("e_2")["c"] == 2


def test_rows_without_an_id_may_be_sent(world: ReplayWorld) -> None:
    """The id of the call was not known when they were rejected."""
    world.keep("a", rows_entry("e", 2, rejected(1), inference_id=None))
    assert world.replay().complete
    assert world.destination.batches == [["e_1"]]


def test_rows_whose_id_was_too_long_may_get_another_id(world: ReplayWorld) -> None:
    """No row was sent under an id that is too long."""
    code = RejectionCode.PARTNER_ID_TOO_LONG
    world.keep("a", rows_entry("e", 2, rejected(1, code=code), inference_id="other"))
    assert world.replay().complete
    assert world.destination.batches == [["e_1"]]


def test_all_entries_stay_while_the_destination_is_unavailable(world: ReplayWorld) -> None:
    """After the last try no other file is sent."""
    world.keep("a", line_entry(call_of("e")))
    world.keep("b", line_entry(call_of("f")))
    before = world.entries()
    world.destination.always = fails(DestinationUnavailable("status 503"))
    report = world.replay()
    assert report.left == {"still pending: status 503": 2}
    assert report.inferences.pending == 2
    assert world.entries() == before


def test_nothing_more_is_sent_after_a_denial(world: ReplayWorld) -> None:
    """All other entries stay, with the reason."""
    world.destination = RecordingDestination(BatchLimits(max_inferences=1))
    world.keep("a", *(line_entry(call_of(f"e{number}"), line=number) for number in range(1, 40)))
    world.destination.always = fails(DestinationDenied("status 401: correct the secret"))
    report = world.replay()
    assert report.left == {"still pending: status 401: correct the secret": 39}
    assert len(world.destination.batches) < 20
    assert len(world.entries()["a"]) == 39


def test_the_entry_of_a_line_with_a_pending_row_stays(world: ReplayWorld) -> None:
    """The line is sent again as a whole; the rows that were accepted are duplicates then."""
    world.keep("a", line_entry(call_of("e", 3)))
    destination = world.destination

    def accept_the_first(batch: Batch) -> Receipt:
        return Receipt([destination.accept(batch.of([0])).results[0], *[RETRYABLE] * (len(batch.ids) - 1)])

    destination.script = [accept_the_first]
    destination.always = lambda batch: Receipt([RETRYABLE] * len(batch.ids))
    report = world.replay()
    assert (report.inferences.accepted, report.inferences.pending) == (1, 2)
    assert world.entries() == {"a": [line_entry(call_of("e", 3))]}
    destination.always = None
    report = world.replay()
    assert report.inferences == InferenceCounts(made=3, accepted=2, duplicate=1)
    assert world.entries() == {"a": []}


def test_a_line_whose_id_was_too_long_may_get_another_id(world: ReplayWorld) -> None:
    """No row was sent under the old id."""
    line = capture(csv_side("1"), csv_side("2"), eventId="e", inferenceId="x" * 300)
    world.set_options(DecodingOptions(id_source=IdSource.EVENT_ID))
    world.keep("a", line_entry(line, code=RejectionCode.PARTNER_ID_TOO_LONG))
    assert world.replay().complete
    assert list(world.destination.stored) == ["e"]


def test_entries_are_decoded_with_the_present_options_of_the_route(world: ReplayWorld) -> None:
    """A line that was rejected without an option is sent with it."""
    world.keep("a", line_entry(capture(csv_side("1"), None, eventId="e"), code=RejectionCode.ONE_SIDED))
    assert not world.replay().complete
    world.set_options(DecodingOptions(one_sided=OneSided.FORWARD))
    assert world.replay().complete


def test_the_schema_is_requested_once(world: ReplayWorld) -> None:
    """A destination that does not answer is not asked again for every file."""
    world.routes["churn"] = replace(CHURN, schema_from_model=True)
    world.destination.schema_error = DestinationUnavailable("status 503")
    world.keep("a", *(line_entry(call_of(f"e{number}")) for number in range(3)))
    world.keep("b", *(line_entry(call_of(f"f{number}")) for number in range(2)))
    assert world.replay().left == {"still pending: status 503": 5}
    assert world.destination.schema_requests == ["m"]


@pytest.mark.parametrize("crash", range(1, 7))
def test_a_crash_at_any_request_loses_no_entry(world: ReplayWorld, crash: int) -> None:
    """After the next replay each row is stored once, and quarantine is empty."""
    names = [f"e{number}" for number in range(6)]
    for name in names:
        world.keep(name, line_entry(call_of(name)))
    world.destination = RecordingDestination(BatchLimits(max_inferences=1))
    world.destination.script = [world.destination.accept] * (crash - 1) + [fails(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        world.replay()
    left = {name for name, entries in world.entries().items() if entries}
    assert left | set(world.destination.stored) == set(names)
    assert world.replay().complete
    assert set(world.destination.stored) == set(names)
    assert not any(world.entries().values())


def test_a_replay_that_is_stopped_begins_no_file(world: ReplayWorld) -> None:
    """The entries stay, and the report says that they were not replayed."""
    world.keep("a", line_entry(call_of("e")))
    world.keep("b", object_entry(RejectionCode.GIVEN_UP))
    stopped = Event()
    stopped.set()
    assert world.replay(stopped=stopped).left == {"not replayed yet: run again": 2}
    assert [len(entries) for entries in world.entries().values()] == [1, 1]
    assert isinstance(world.queue, MemoryQueue)
    assert world.queue.messages == []
