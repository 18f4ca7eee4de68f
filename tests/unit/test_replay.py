"""Replay: what is sent again, what is taken out of quarantine for it, and what stays and why."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import InferenceCounts, LineCounts
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    RETRYABLE,
    DestinationDenied,
    DestinationUnavailable,
    Reason,
    Receipt,
    RejectionCode,
    RowResult,
    RowStatus,
    Unavailable,
)
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions, IdSource, OneSided, Route
from capture_forwarder.kinds.quarantine.entries import encode_file
from capture_forwarder.kinds.quarantine.originals import Originals
from capture_ops.replay.command import run_until
from capture_ops.replay.files import DirectoryFiles, decode_file
from capture_ops.replay.plan import Selection, make_plan
from capture_ops.replay.replaying import Replay, ReplayReport
from tests.support.captures import capture, csv_side
from tests.support.fakes import MemoryStore, RecordingDestination, a_run, target

CHURN = Route(name="churn", bucket="captures", prefix="", destination="fake", model_id="m")
NO = RowResult(RowStatus.REJECTED, Reason(RejectionCode.REFUSED_BY_DESTINATION, "status 400: no"))
SOURCE = CaptureObject("captures", "a", etag="etag-1")
SHADOW = capture(csv_side("1"), csv_side("2"), invocationSource="ShadowExperiment")


def call(name: str, rows: int = 1) -> bytes:
    """Return a capture line whose event id is `name`."""
    text = "\n".join(map(str, range(rows)))
    return capture(csv_side(text), csv_side(text), eventId=name)


def whole(data: bytes | None, **changes: object) -> QuarantineEntry:
    """Return the rejection of a whole line."""
    code = RejectionCode.LINE_NOT_JSON
    entry = QuarantineEntry(source=SOURCE, route="churn", code=code, why="it was so", line=1, data=data)
    return replace(entry, **changes)


def row(name: str, index: int, rows: int, **changes: object) -> QuarantineEntry:
    """Return the rejection of one row of a line of several."""
    code = RejectionCode.REFUSED_BY_DESTINATION
    entry = whole(call(name, rows), code=code, index=index, partner_inference_id=f"{name}_{index}")
    return replace(entry, **changes)


class World(Struct):
    """A quarantine in a directory, and where it is replayed to."""

    place: Path
    destination: RecordingDestination = field(default_factory=RecordingDestination)
    store: MemoryStore = field(default_factory=MemoryStore)
    route: Route = CHURN
    max_line_bytes: int = 100_000

    def keep(self, name: str, *entries: QuarantineEntry) -> None:
        """Write one quarantine file."""
        (self.place / f"{name}.jsonl.gz").write_bytes(encode_file(entries))

    def holds(self) -> dict[str, list[QuarantineEntry]]:
        """Return what is in quarantine."""
        paths = sorted(self.place.iterdir())
        return {path.name.removesuffix(".jsonl.gz"): list(decode_file(path.read_bytes()).values()) for path in paths}

    def replay(self, selection: Selection | None = None, *, stopped: Event | None = None) -> ReplayReport:
        """Plan and execute; the books of it balance."""
        files, routes = DirectoryFiles(self.place), {"churn": self.route}
        selection = selection or Selection()
        steps = make_plan(files, selection, routes).steps
        replay = Replay(files, steps, selection, routes, lambda _: None)
        run = run_until(stopped, replay) if stopped else a_run(watching=replay)
        replay.execute(Originals(self.store, self.max_line_bytes), {"fake": target(self.destination)}, run)
        report = replay.report
        assert report.balanced
        assert report.complete == (not report.left)
        return report


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world with nothing in quarantine."""
    return World(tmp_path)


def answers(*results: RowResult) -> Callable[[Batch], Receipt]:
    """Answer with these results."""
    return lambda _: Receipt(list(results))


def fails(error: BaseException) -> Callable[[Batch], Receipt]:
    """Answer by raising."""

    def raise_it(_: Batch) -> Receipt:
        raise error

    return raise_it


def test_a_line_that_is_accepted_now_leaves_quarantine(world: World) -> None:
    """Every row of it arrives under the id it always had, and the file that held nothing else is gone."""
    world.keep("a", whole(call("e", 2)))
    report = world.replay()
    assert (report.selected, report.removed) == (1, 1)
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=2, accepted=2)
    assert list(world.destination.stored) == ["e_0", "e_1"]
    assert world.holds() == {}


def test_a_duplicate_leaves_quarantine_too(world: World) -> None:
    """The platform has it already, which is all that anybody wanted."""
    for _ in range(2):
        world.keep("a", whole(call("e")))
        report = world.replay()
    assert report.inferences == InferenceCounts(made=1, duplicate=1)
    assert world.holds() == {}


def test_of_a_row_only_the_row_is_sent(world: World) -> None:
    """Its neighbours were accepted when it was rejected."""
    world.keep("a", row("e", 1, 3))
    report = world.replay()
    assert world.destination.batches == [["e_1"]]
    assert world.destination.data("e_1")["feature_0"] == 1
    assert report.lines == LineCounts(read=1, decoded=1)
    assert report.inferences == InferenceCounts(made=1, accepted=1)
    assert world.holds() == {}


def test_rows_of_one_line_are_each_themselves(world: World) -> None:
    """Two of three were rejected; what is sent is those two."""
    world.keep("a", row("e", 0, 3), row("e", 2, 3), row("f", 0, 2))
    world.replay()
    assert world.destination.batches == [["e_0", "e_2", "f_0"]]


def test_what_is_refused_again_stays_with_its_new_reason(world: World) -> None:
    """Only the refused row stays, its line and place unchanged."""
    world.keep("a", row("e", 0, 2), row("e", 1, 2, code=RejectionCode.VALUE_TYPE_MISMATCH))
    world.destination.script = [answers(ACCEPTED, NO)]
    report = world.replay()
    assert world.holds() == {"a": [row("e", 1, 2, why="status 400: no")]}
    assert report.inferences == InferenceCounts(
        made=2,
        accepted=1,
        rejected=Counter([RejectionCode.REFUSED_BY_DESTINATION]),
    )
    assert report.left == {"rejected again: refused_by_destination": 1}


def test_of_a_whole_line_only_the_rows_refused_stay(world: World) -> None:
    """Each as a row of its own, so that the next replay sends nothing twice."""
    world.keep("a", whole(call("e", 3)))
    world.destination.script = [answers(ACCEPTED, NO, NO)]
    world.replay()
    left = [row("e", index, 3, why="status 400: no") for index in (1, 2)]
    assert world.holds() == {"a": left}
    assert world.replay().complete
    assert world.destination.batches == [["e_0", "e_1", "e_2"], ["e_1", "e_2"]]


def test_a_line_that_is_still_none_stays_with_its_new_reason(world: World) -> None:
    """The code of today replaces the one of then; nothing is sent."""
    world.keep("a", whole(b"{}"))
    report = world.replay()
    (left,) = world.holds()["a"]
    assert left == whole(b"{}", code=RejectionCode.NOT_A_CAPTURE, why=left.why)
    assert report.lines.rejected == {RejectionCode.NOT_A_CAPTURE: 1}
    assert world.destination.batches == []


def test_a_row_whose_line_is_rejected_now_stays_that_row(world: World) -> None:
    """It keeps index and id, so that it can be told from its neighbours another day."""
    world.keep("a", whole(b"{}", index=1, partner_inference_id="e_1"))
    report = world.replay()
    (left,) = world.holds()["a"]
    assert (left.code, left.index, left.partner_inference_id) == (RejectionCode.NOT_A_CAPTURE, 1, "e_1")
    assert report.inferences.rejected == {RejectionCode.NOT_A_CAPTURE: 1}


def test_a_row_that_the_schema_refuses_stays(world: World) -> None:
    """A rejection by ourselves is entered like one by the destination."""
    world.route = replace(CHURN, decoding=DecodingOptions(max_partner_id_chars=2))
    world.keep("a", whole(call("ee", 2)))
    report = world.replay()
    assert [left.index for left in world.holds()["a"]] == [0, 1]
    assert report.inferences.rejected == {RejectionCode.PARTNER_ID_TOO_LONG: 2}
    assert report.left == {"rejected again: partner_id_too_long": 1}


def test_nothing_is_written_where_nothing_changed(world: World) -> None:
    """A file of which all is refused as before is left alone."""
    world.keep("a", row("e", 0, 2, why="status 400: no"))
    path = world.place / "a.jsonl.gz"
    before = path.stat().st_ino
    world.destination.always = answers(NO)
    assert not world.replay().complete
    assert path.stat().st_ino == before


def test_while_the_destination_is_away_everything_stays(world: World) -> None:
    """All is owed, and once the tries are used up the other files are not even read."""
    world.keep("a", whole(call("e")))
    world.keep("b", whole(call("f")))
    before = world.holds()
    world.destination.always = fails(DestinationUnavailable("status 503"))
    report = world.replay()
    assert report.left == {"still pending: status 503": 2}
    assert report.inferences.pending == 2
    assert world.holds() == before


def test_after_a_denial_nothing_more_is_sent(world: World) -> None:
    """The lane is closed: what comes after stays, with the reason."""
    world.destination = RecordingDestination(BatchLimits(max_inferences=1))
    world.keep("a", *(whole(call(f"e{number}"), line=number) for number in range(1, 40)))
    world.destination.always = fails(DestinationDenied("status 401: correct the secret"))
    report = world.replay()
    assert report.left == {"still pending: status 401: correct the secret": 39}
    assert len(world.destination.batches) < 20
    assert len(world.holds()["a"]) == 39


def test_a_line_of_which_a_row_is_owed_stays_whole(world: World) -> None:
    """It is sent whole again: ids make the rows that were accepted duplicates, and none of them is lost."""
    world.keep("a", whole(call("e", 3)))
    sent = world.destination

    def takes_the_first(batch: Batch) -> Receipt:
        return Receipt([sent.accept(batch.of([0])).results[0], *[RETRYABLE] * (len(batch.ids) - 1)])

    def takes_none(batch: Batch) -> Receipt:
        return Receipt([RETRYABLE] * len(batch.ids))

    sent.script = [takes_the_first]
    sent.always = takes_none
    report = world.replay()
    assert (report.inferences.accepted, report.inferences.pending) == (1, 2)
    assert world.holds() == {"a": [whole(call("e", 3))]}
    sent.always = None
    report = world.replay()
    assert report.inferences == InferenceCounts(made=3, accepted=2, duplicate=1)
    assert world.holds() == {}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (whole(call("e"), route="old"), "the configuration has no such route"),
        (whole(None, line=0, code=RejectionCode.OBJECT_ARCHIVED), "restore it and send its event again; then delete"),
        (whole(None, line=0, code=RejectionCode.OBJECT_GONE), "upload it again"),
        (whole(None, line=0), "upload it again"),
        (whole(SHADOW), "is not forwarded (shadow)"),
        (whole(SHADOW, index=0, partner_inference_id="e"), "is not forwarded (shadow)"),
        (row("e", 5, 2), "has fewer rows now"),
        (row("e", 0, 2, partner_inference_id="other_0"), "would get another id now"),
        (whole(None), "is missing (object_gone)"),
    ],
)
def test_what_cannot_be_sent_stays_and_says_what_to_do(world: World, entry: QuarantineEntry, why: str) -> None:
    """The entry is left as it was; what lies beside it is replayed."""
    world.keep("a", entry, whole(call("f")))
    report = world.replay()
    (told,) = report.left
    assert why in told
    assert world.holds() == {"a": [entry]}
    assert list(world.destination.stored) == ["f"]


def test_an_entry_whose_line_is_not_forwarded_is_counted_as_rejected(world: World) -> None:
    """It stays in quarantine under the code that it has."""
    world.keep("a", whole(SHADOW))
    report = world.replay()
    assert report.lines == LineCounts(read=1, rejected=Counter([RejectionCode.LINE_NOT_JSON]))


def test_an_id_that_was_too_long_may_become_another(world: World) -> None:
    """Nothing went by it: taking the event's id instead is the cure."""
    line = capture(csv_side("1"), csv_side("2"), eventId="e", inferenceId="x" * 300)
    world.route = replace(CHURN, decoding=DecodingOptions(id_source=IdSource.EVENT_ID))
    world.keep("a", whole(line, code=RejectionCode.PARTNER_ID_TOO_LONG))
    assert world.replay().complete
    assert list(world.destination.stored) == ["e"]


def test_the_mended_route_is_what_replay_reads_by(world: World) -> None:
    """What was rejected for want of an option goes through with it."""
    world.keep("a", whole(capture(csv_side("1"), None, eventId="e"), code=RejectionCode.ONE_SIDED))
    assert not world.replay().complete
    world.route = replace(CHURN, decoding=DecodingOptions(one_sided=OneSided.FORWARD))
    assert world.replay().complete


@pytest.mark.parametrize("compress", [False, True])
def test_lines_that_were_not_kept_are_read_from_their_object(world: World, compress: bool) -> None:  # noqa: FBT001 - a case
    """At their byte offsets, in a plain object as in gzip, and going back where an entry stands before the last."""
    lines = [call(f"e{number}", 2) for number in range(6)]
    source = world.store.put("a", *lines, compress=compress)
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(6)]
    entries = [whole(None, source=source, line=number + 1, offset=offsets[number]) for number in (0, 2, 3, 1)]
    entries.append(row("e5", 1, 2, data=None, source=source, line=6, offset=offsets[5]))
    world.keep("a", *entries)
    assert world.replay().complete
    assert set(world.destination.stored) == {f"e{number}_{index}" for number in (0, 1, 2, 3) for index in (0, 1)} | {
        "e5_1"
    }


def test_a_plain_object_is_read_from_the_line_on(world: World) -> None:
    """One look at its start for gzip, one read at the offset, however many lines follow."""
    lines = [call(f"e{number}") for number in range(4)]
    source = world.store.put("a", *lines)
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(4)]
    world.keep("a", *(whole(None, source=source, line=number + 1, offset=offsets[number]) for number in (2, 3)))
    assert world.replay().complete
    assert world.store.reads == [("a", 0), ("a", offsets[2])]


def test_a_line_that_was_too_long_is_read_again(world: World) -> None:
    """Quarantine holds an empty line in its place, which is not what is replayed."""
    source = world.store.put("a", call("e"))
    world.keep("a", whole(b"", source=source, code=RejectionCode.LINE_TOO_LONG))
    world.max_line_bytes = 100
    assert world.replay().left == {"rejected again: line_too_long": 1}
    world.max_line_bytes = 100_000
    assert world.replay().complete
    assert list(world.destination.stored) == ["e"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: world.store.put("a", b"other"), "was overwritten"),
        (lambda world: world.store.objects.clear(), "is missing (object_gone)"),
        (lambda world: world.store.failure.update(a=Unavailable("S3 answers SlowDown")), "S3 answers SlowDown"),
    ],
)
def test_a_line_that_cannot_be_read_again_stays(world: World, change: Callable[[World], object], why: str) -> None:
    """With the reason; nothing of another state of the object is sent in its place."""
    source = replace(world.store.put("a", call("e")), size=None)  # which quarantine does not remember
    entry = whole(None, source=source)
    world.keep("a", entry)
    change(world)
    (told,) = world.replay().left
    assert why in told
    assert world.holds() == {"a": [entry]}


@pytest.mark.parametrize(("line", "offset"), [(2, 0), (2, 5), (9, 999_999)])
def test_an_offset_at_which_no_such_line_begins_sends_nothing(world: World, line: int, offset: int) -> None:
    """Better to stay than to send what was never rejected."""
    source = world.store.put("a", call("e"), call("f"), compress=True)
    world.keep("a", whole(None, source=source, line=line, offset=offset))
    (told,) = world.replay().left
    assert "has no line at that offset" in told
    assert world.destination.batches == []


@pytest.mark.parametrize(
    ("selection", "sent"),
    [
        (Selection(codes=frozenset({"bad_csv"})), {"e"}),
        (Selection(routes=frozenset({"churn"})), {"e", "f"}),
        (Selection(frozenset({"bad_csv", "bad_json"}), frozenset({"churn"})), {"e", "f"}),
        (Selection(frozenset({"shadow"})), set()),
    ],
)
def test_only_what_is_selected_is_sent(world: World, selection: Selection, sent: set[str]) -> None:
    """What is not meant stays, also beside what is, and does not make the replay fail."""
    codes = (RejectionCode.BAD_CSV, RejectionCode.BAD_JSON)
    entries = [whole(call(name), code=code) for name, code in zip("ef", codes, strict=True)]
    other = whole(call("g"), route="other")
    world.keep("a", *entries, other)
    assert world.replay(selection).complete
    assert set(world.destination.stored) == sent
    assert world.holds() == {
        "a": [entry for entry, name in zip(entries, "ef", strict=True) if name not in sent] + [other]
    }


def test_batches_are_filled_across_files(world: World) -> None:
    """Many small files cost few requests."""
    for number in range(120):
        world.keep(f"{number:03d}", whole(call(f"e{number:03d}")))
    assert world.replay().complete
    assert [len(batch) for batch in world.destination.batches] == [120]


def test_what_is_held_in_memory_is_bounded(world: World, tmp_path: Path) -> None:
    """Past the bound posts are awaited and files written, though no batch is full."""
    line = capture(csv_side("1"), csv_side("2"), eventId="e", padding="x" * 30_000_000)
    for name in "abc":
        world.keep(name, whole(line.replace(b'"e"', f'"{name}"'.encode())))
    seen: list[int] = []

    def look(batch: Batch) -> Receipt:
        seen.append(len(list(tmp_path.iterdir())))
        return world.destination.accept(batch)

    world.destination.always = look
    for name in "de":
        world.keep(name, whole(call(name)))
    assert world.replay().complete
    assert seen == [5, 2]


def test_the_schema_is_asked_for_once(world: World) -> None:
    """A destination that does not answer is not asked for every entry."""
    world.route = replace(CHURN, schema_from_model=True)
    asked: list[str] = []

    class Away(RecordingDestination):
        def schema(self, model_id: str) -> None:  # type: ignore[override]  # it never answers
            asked.append(model_id)
            raise DestinationUnavailable("status 503")

    world.destination = Away()
    world.keep("a", *(whole(call(f"e{number}")) for number in range(5)))
    assert world.replay().left == {"still pending: status 503": 5}
    assert asked == ["m"]


@pytest.mark.parametrize("death", range(1, 7))
def test_dying_at_a_request_loses_nothing(world: World, death: int) -> None:
    """Run again, all ends stored, each row once, and quarantine empty."""
    names = [f"e{number}" for number in range(6)]
    for name in names:
        world.keep(name, whole(call(name)))
    world.destination = RecordingDestination(BatchLimits(max_inferences=1))
    world.destination.script = [world.destination.accept] * (death - 1) + [fails(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        world.replay()
    assert set(world.holds()) | set(world.destination.stored) == set(names)
    assert world.replay().complete
    assert set(world.destination.stored) == set(names)
    assert world.holds() == {}


def test_what_somebody_wrote_meanwhile_is_kept(world: World) -> None:
    """What was accepted is taken out of what the file holds then."""
    world.keep("a", whole(call("e")), whole(call("f")))
    late = whole(call("late"))

    def meanwhile(batch: Batch) -> Receipt:
        world.keep("a", whole(call("e")), late, whole(call("f")))
        return world.destination.accept(batch)

    world.destination.script = [meanwhile]
    assert world.replay().complete
    assert world.holds() == {"a": [late]}


def test_a_file_that_somebody_else_emptied_meanwhile_stays_gone(world: World) -> None:
    """Two replays at once do no harm."""
    world.keep("a", whole(call("e")), whole(b"{}"))

    def meanwhile(batch: Batch) -> Receipt:
        (world.place / "a.jsonl.gz").unlink()
        return world.destination.accept(batch)

    world.destination.script = [meanwhile]
    world.replay()
    assert world.holds() == {}


def test_a_file_that_cannot_be_written_is_reported(world: World) -> None:
    """Its entries are accepted, but it still holds them."""
    world.keep("a", whole(call("e")))

    def meanwhile(batch: Batch) -> Receipt:
        (world.place / "a.jsonl.gz").write_bytes(b"broken")
        return world.destination.accept(batch)

    world.destination.script = [meanwhile]
    assert world.replay().left == {"accepted, but its file could not be written: is not whole gzip": 1}


def test_a_run_that_is_over_begins_nothing(world: World) -> None:
    """What is not reached stays, and is told."""
    world.keep("a", whole(call("e")))
    stopped = Event()
    stopped.set()
    assert world.replay(stopped=stopped).left == {"not replayed yet: run again": 1}
    assert len(world.holds()["a"]) == 1


def test_an_entry_that_stands_there_twice_is_sent_once(world: World) -> None:
    """Both copies leave together."""
    world.keep("a", whole(call("e")), whole(call("e")))
    assert world.replay().complete
    assert world.destination.batches == [["e"]]
    assert world.holds() == {}


def test_hidden_files_are_not_quarantine(world: World) -> None:
    """What a file manager or a replay that died left behind is in nobody's way."""
    (world.place / ".a.jsonl.gz.tmp").write_bytes(b"half")
    world.keep("a", whole(call("e")))
    files = DirectoryFiles(world.place)
    assert list(files.names()) == [str(world.place / "a.jsonl.gz")]
