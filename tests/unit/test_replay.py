"""Replay: which rows of an entry are sent again, and what is left of the entry after it."""

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
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided
from capture_forwarder.domain.schema import ModelSchema
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import RecordingDestination
from tests.support.memory_world import NO, answers, fails, on_either_path
from tests.support.replay_world import CHURN, ReplayWorld, call_of, line_entry, row_entry

SHADOW = capture(csv_side("1"), csv_side("2"), invocationSource="ShadowExperiment")
# Three rows; in the first one two nested values come to the same name.
AMBIGUOUS = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}, {"c": 2}]), csv_side("1\n2\n3"), eventId="e")


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


@on_either_path
def test_an_entry_whose_rows_are_accepted_is_removed(world: ReplayWorld, schema: ModelSchema | None) -> None:
    """Every row has the id that it always had, and a file without entries is removed."""
    world.routes["churn"] = replace(CHURN, schema=schema)
    world.keep("a", line_entry(call_of("e", 2)))
    report = world.replay()
    assert (report.selected, report.removed) == (1, 1)
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=2, accepted=2)
    assert list(world.destination.stored) == ["e_0", "e_1"]
    assert world.entries() == {}
    assert world.finished == [1]


def test_an_entry_whose_rows_are_duplicates_is_removed(world: ReplayWorld) -> None:
    """The destination has these rows already."""
    for _ in range(2):
        world.keep("a", line_entry(call_of("e")))
        report = world.replay()
    assert report.inferences == InferenceCounts(made=1, duplicate=1)
    assert world.entries() == {}


@on_either_path
def test_the_entry_of_a_row_sends_only_this_row(world: ReplayWorld, schema: ModelSchema | None) -> None:
    """The other rows of the call were accepted before."""
    world.routes["churn"] = replace(CHURN, schema=schema)
    world.keep("a", row_entry("e", 1, 3))
    report = world.replay()
    assert world.destination.batches == [["e_1"]]
    assert world.destination.data("e_1")["feature_0"] == 1
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=1, accepted=1)
    assert world.entries() == {}


def test_entries_of_several_rows_of_a_line_send_these_rows(world: ReplayWorld) -> None:
    """Every entry counts as a line."""
    world.keep("a", row_entry("e", 0, 3), row_entry("e", 2, 3), row_entry("f", 0, 2))
    report = world.replay()
    assert world.destination.batches == [["e_0", "e_2", "f_0"]]
    assert report.lines == LineCounts(read=3, decoded=3)


def test_a_row_that_is_rejected_again_has_its_new_reason(world: ReplayWorld) -> None:
    """Only the entry of this row stays, with its line and place."""
    world.keep("a", row_entry("e", 0, 2), row_entry("e", 1, 2, code=RejectionCode.VALUE_TYPE_MISMATCH))
    world.destination.script = [answers(ACCEPTED, NO)]
    report = world.replay()
    assert world.entries() == {"a": [row_entry("e", 1, 2, why="status 400: no")]}
    assert report.inferences == InferenceCounts(
        made=2, accepted=1, rejected=Counter([RejectionCode.REFUSED_BY_DESTINATION])
    )
    assert report.left == {"rejected again: refused_by_destination": 1}


def test_rejected_rows_of_a_line_become_entries_of_their_own(world: ReplayWorld) -> None:
    """The next replay sends no row that was accepted."""
    world.keep("a", line_entry(call_of("e", 3)))
    world.destination.script = [answers(ACCEPTED, NO, NO)]
    world.replay()
    assert world.entries() == {"a": [row_entry("e", index, 3, why="status 400: no") for index in (1, 2)]}
    assert world.replay().complete
    assert world.destination.batches == [["e_0", "e_1", "e_2"], ["e_1", "e_2"]]


def test_a_line_that_is_rejected_again_has_its_new_reason(world: ReplayWorld) -> None:
    """The new code replaces the old one, and no row is sent."""
    world.keep("a", line_entry(b"{}"))
    report = world.replay()
    (left,) = world.entries()["a"]
    assert left == line_entry(b"{}", code=RejectionCode.NOT_A_CAPTURE, why=left.why)
    assert left.why != "the old reason"
    assert report.lines.rejected == {RejectionCode.NOT_A_CAPTURE: 1}
    assert world.destination.batches == []


def test_a_row_whose_line_is_rejected_now_stays_a_row(world: ReplayWorld) -> None:
    """It keeps index and id."""
    world.keep("a", line_entry(b"{}", index=1, partner_inference_id="e_1"))
    report = world.replay()
    (left,) = world.entries()["a"]
    assert (left.code, left.index, left.partner_inference_id) == (RejectionCode.NOT_A_CAPTURE, 1, "e_1")
    assert report.inferences.rejected == {RejectionCode.NOT_A_CAPTURE: 1}


def test_rows_that_the_forwarder_rejects_become_entries(world: ReplayWorld) -> None:
    """They are handled like rows that the destination rejects."""
    world.set_options(DecodingOptions(max_partner_id_chars=2))
    world.keep("a", line_entry(call_of("ee", 2)))
    report = world.replay()
    assert [left.index for left in world.entries()["a"]] == [0, 1]
    assert report.inferences.rejected == {RejectionCode.PARTNER_ID_TOO_LONG: 2}
    assert report.left == {"rejected again: partner_id_too_long": 1}


def test_a_row_is_sent_although_another_row_of_its_line_is_rejected(world: ReplayWorld) -> None:
    """Only a rejection of the row itself replaces the entry of the row."""
    entry = line_entry(AMBIGUOUS, code=RejectionCode.REFUSED_BY_DESTINATION)
    rows = [replace(entry, index=index, partner_inference_id=f"e_{index}") for index in range(3)]
    world.keep("a", *rows)
    report = world.replay()
    assert world.destination.batches == [["e_1", "e_2"]]
    assert world.destination.data("e_2")["c"] == 2
    (left,) = world.entries()["a"]
    assert left == replace(rows[0], code=RejectionCode.AMBIGUOUS_NAME, why=left.why)
    assert report.inferences.rejected == {RejectionCode.AMBIGUOUS_NAME: 1}


def test_a_row_without_an_id_may_be_sent(world: ReplayWorld) -> None:
    """Its id was not known when it was rejected."""
    world.keep("a", row_entry("e", 1, 2, partner_inference_id=None))
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
    assert world.entries() == {}


OTHER_ID = "it would get another id now: replay it with the id_source and csv_header that it was rejected with"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (
            line_entry(call_of("e"), route="old"),
            "the configuration has no such route: add it, or replay with the configuration that had it",
        ),
        (
            line_entry(None, line=0, code=RejectionCode.OBJECT_ARCHIVED),
            "the object is archived: restore it and send its event again; then delete this file",
        ),
        (
            line_entry(None, line=0, code=RejectionCode.OBJECT_GONE),
            "the object was deleted: upload it again, and a new event forwards it; then delete this file",
        ),
        (line_entry(None, line=0), "the whole object was rejected: upload it again; then delete this file"),
        (line_entry(SHADOW), "its line is not forwarded (shadow): delete it by hand"),
        (
            line_entry(SHADOW, index=0, partner_inference_id="e"),
            "its line is not forwarded (shadow): delete it by hand",
        ),
        (
            row_entry("e", 5, 2),
            "its line has fewer rows now: replay it as it was read then, or upload the object again",
        ),
        (row_entry("e", 0, 2, partner_inference_id="other_0"), OTHER_ID),
        (line_entry(AMBIGUOUS, index=0, partner_inference_id="other_0"), OTHER_ID),
        (line_entry(None), "its line was not kept, and its capture object is missing (object_gone)"),
    ],
)
def test_an_entry_that_cannot_be_sent_stays_as_it_is(world: ReplayWorld, entry: QuarantineEntry, why: str) -> None:
    """The report says what to do. The entry beside it is sent."""
    world.keep("a", entry, line_entry(call_of("f")))
    report = world.replay()
    assert report.left == {why: 1}
    assert (report.selected, report.removed) == (2, 1)
    assert world.entries() == {"a": [entry]}
    assert list(world.destination.stored) == ["f"]


def test_an_entry_whose_line_is_not_forwarded_is_counted_as_rejected(world: ReplayWorld) -> None:
    """It is counted under the code that it has."""
    world.keep("a", line_entry(SHADOW))
    report = world.replay()
    assert report.lines == LineCounts(read=1, rejected=Counter([RejectionCode.LINE_NOT_JSON]))


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
    assert set(world.entries()) | set(world.destination.stored) == set(names)
    assert world.replay().complete
    assert set(world.destination.stored) == set(names)
    assert world.entries() == {}


def test_a_replay_that_is_stopped_begins_no_file(world: ReplayWorld) -> None:
    """The entries stay, and the report says that they were not replayed."""
    world.keep("a", line_entry(call_of("e")))
    stopped = Event()
    stopped.set()
    assert world.replay(stopped=stopped).left == {"not replayed yet: run again": 1}
    assert len(world.entries()["a"]) == 1
