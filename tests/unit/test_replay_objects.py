"""Replay of entries of whole objects: their messages are sent again, and the entries removed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import RejectionCode, Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_ops.replay.files import DirectoryFiles
from capture_ops.replay.plan import Selection
from tests.support.memory_stores import MemoryQueue
from tests.support.replay_world import SOURCE, ReplayWorld, call_of, line_entry, object_entry

SENT_AGAIN = [
    RejectionCode.GIVEN_UP,
    RejectionCode.NO_ROUTE,
    RejectionCode.OBJECT_DAMAGED,
    RejectionCode.OBJECT_ARCHIVED,
]


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


def messages(world: ReplayWorld) -> list[tuple[Work, int]]:
    """Return the messages in the queue, each with its delay."""
    assert isinstance(world.queue, MemoryQueue)
    return world.queue.messages


@pytest.mark.parametrize("code", SENT_AGAIN)
def test_the_message_of_an_object_is_sent_again(world: ReplayWorld, code: RejectionCode) -> None:
    """It names the version that was rejected, and no line is read or sent to the destination from here."""
    world.keep("a", object_entry(code, route="unrouted"))
    report = world.replay()
    assert messages(world) == [(Work(SOURCE), 0)]
    assert (report.selected, report.removed, world.finished) == (1, 1, [1])
    assert (world.store.reads, world.destination.batches) == ([], [])


@pytest.mark.parametrize("code", SENT_AGAIN)
def test_a_file_of_a_whole_object_is_deleted(world: ReplayWorld, code: RejectionCode) -> None:
    """It has a fixed name and is overwritten by a repeat, so that no late copy of a request can bring it back."""
    world.keep("a", object_entry(code))
    assert world.replay().complete
    assert world.entries() == {}


def test_other_entries_of_the_file_are_kept(world: ReplayWorld) -> None:
    """A person may have joined files."""
    line = line_entry(b"{}")
    world.keep("a", object_entry(RejectionCode.GIVEN_UP), line, object_entry(RejectionCode.OBJECT_GONE))
    world.replay(Selection(codes=frozenset({"given_up"})))
    assert world.entries() == {"a": [line, object_entry(RejectionCode.OBJECT_GONE)]}


def test_lines_and_objects_of_one_file_are_both_replayed(world: ReplayWorld) -> None:
    """Equal entries are sent once."""
    given_up = object_entry(RejectionCode.GIVEN_UP)
    world.keep("a", given_up, line_entry(call_of("e")), given_up)
    report = world.replay()
    assert (report.selected, report.removed, len(messages(world))) == (2, 2, 1)
    assert list(world.destination.stored) == ["e"]
    assert world.entries() == {"a": []}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (
            object_entry(RejectionCode.OBJECT_GONE),
            "the object was deleted: upload it again, and a new event forwards it; then delete this file",
        ),
        (
            object_entry(RejectionCode.OBJECT_TRUNCATED),
            "the whole object was rejected: upload it again; then delete this file",
        ),
        (
            object_entry(RejectionCode.NO_ROUTE, route="unrouted", source=CaptureObject("payroll", "a")),
            "no route covers its object now: add one",
        ),
        (
            object_entry(RejectionCode.GIVEN_UP, source=CaptureObject("payroll", "a")),
            "no route covers its object now: add one",
        ),
    ],
)
def test_an_object_that_cannot_be_sent_stays(world: ReplayWorld, entry: QuarantineEntry, why: str) -> None:
    """The report has the next step. No message asks for an object that no route covers."""
    world.keep("a", entry, object_entry(RejectionCode.GIVEN_UP))
    report = world.replay()
    assert report.left == {why: 1}
    assert messages(world) == [(Work(SOURCE), 0)]
    assert world.entries() == {"a": [entry]}


def test_an_entry_stays_without_a_queue(world: ReplayWorld) -> None:
    """The report says why there is none."""
    world.queue = "there is no stack x"
    entry = object_entry(RejectionCode.GIVEN_UP)
    world.keep("a", entry)
    assert world.replay().left == {"its message could not be sent: there is no stack x": 1}
    assert world.entries() == {"a": [entry]}


def test_an_entry_whose_message_is_not_taken_stays(world: ReplayWorld) -> None:
    """The next replay sends it."""
    entry = object_entry(RejectionCode.GIVEN_UP)
    world.keep("a", entry)
    world.queue = queue = MemoryQueue()
    queue.failure = "the queue answers AccessDenied"
    assert world.replay().left == {"its message could not be sent: the queue answers AccessDenied": 1}
    assert world.entries() == {"a": [entry]}
    queue.failure = None
    assert world.replay().complete


def test_a_file_that_cannot_be_written_is_reported(world: ReplayWorld) -> None:
    """The message was sent; the next replay sends it again, and the function recognises the object."""

    class ReadOnlyFiles(DirectoryFiles):
        def delete(self, name: str, etag: str) -> None:
            raise Unavailable("it is read-only")

    world.files = ReadOnlyFiles(world.folder)
    world.keep("a", object_entry(RejectionCode.OBJECT_DAMAGED))
    why = "its message was sent, but its file could not be written: it is read-only"
    assert world.replay().left == {why: 1}
    assert len(messages(world)) == 1


def test_a_file_that_changes_between_plan_and_reading_is_replayed_as_it_is_then(world: ReplayWorld) -> None:
    """Entries of the new content are sent."""
    world.keep("a", object_entry(RejectionCode.GIVEN_UP))
    other = CaptureObject("captures", "b")
    report = world.replay(meanwhile=lambda: world.keep("a", object_entry(RejectionCode.GIVEN_UP, source=other)))
    assert (report.removed, messages(world)) == (1, [(Work(other), 0)])


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_file_that_cannot_be_read_any_more_sends_nothing(world: ReplayWorld, is_deleted: bool) -> None:  # noqa: FBT001 - a case
    """The entries of a deleted file are gone; those of a broken file stay."""
    world.keep("a", object_entry(RejectionCode.GIVEN_UP))
    path = world.path("a")
    report = world.replay(meanwhile=path.unlink if is_deleted else lambda: path.write_bytes(b"broken"))
    assert report.left == ({} if is_deleted else {"still pending: is not whole gzip": 1})
    assert messages(world) == []


def test_an_entry_with_another_message_is_kept(world: ReplayWorld) -> None:
    """Another process wrote the file after it was read: the new entry is of a later rejection."""
    later = object_entry(RejectionCode.GIVEN_UP, why="given up a second time")

    class Rewritten(MemoryQueue):
        def put(self, items: Sequence[tuple[Work, int]], *, within_secs: float) -> list[str | None]:
            world.keep("a", later)
            return super().put(items, within_secs=within_secs)

    world.queue = Rewritten()
    world.keep("a", object_entry(RejectionCode.GIVEN_UP))
    assert world.replay().complete
    assert world.entries() == {"a": [later]}
