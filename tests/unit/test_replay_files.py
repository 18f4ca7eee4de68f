"""Replay of files: the selected entries, and files that another process changes."""

from pathlib import Path
from typing import IO

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.conservation import InferenceCounts
from capture_forwarder.domain.delivery import Receipt, RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import DecodingOptions, IdSource
from capture_ops.replay.content import Content
from capture_ops.replay.files import Changed, DirectoryFiles
from capture_ops.replay.plan import Selection
from tests.support.captures import capture, csv_side
from tests.support.memory_world import NO, answers
from tests.support.replay_world import CHURN, ReplayWorld, call_of, line_entry, rejected, rows_entry

COULD_NOT_BE_WRITTEN = "accepted, but its file could not be written: "


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


def change_at_request(world: ReplayWorld, *entries: QuarantineEntry) -> None:
    """Let another process write or delete the file `a` while its first request is under way."""

    def answer(batch: Batch) -> Receipt:
        if entries:
            world.keep("a", *entries)
        else:
            world.path("a").unlink()
        return world.destination.accept(batch)

    world.destination.script = [answer]


@pytest.mark.parametrize(
    ("selection", "sent"),
    [
        (Selection(codes=frozenset({"bad_csv"})), {"e"}),
        (Selection(routes=frozenset({"churn"})), {"e", "f"}),
        (Selection(frozenset({"bad_csv", "bad_json"}), frozenset({"churn"})), {"e", "f"}),
        (Selection(frozenset({"shadow"})), set()),
    ],
)
def test_only_selected_entries_are_sent(world: ReplayWorld, selection: Selection, sent: set[str]) -> None:
    """All other entries stay in the same file, and the replay is complete without them."""
    codes = (RejectionCode.BAD_CSV, RejectionCode.BAD_JSON)
    entries = [line_entry(call_of(name), code=code) for name, code in zip("ef", codes, strict=True)]
    other = line_entry(call_of("g"), route="other")
    world.keep("a", *entries, other)
    assert world.replay(selection).complete
    assert set(world.destination.stored) == sent
    left = [entry for entry, name in zip(entries, "ef", strict=True) if name not in sent]
    assert world.entries() == {"a": [*left, other]}


def test_batches_are_filled_across_files(world: ReplayWorld) -> None:
    """Many small files cost few requests."""
    for number in range(120):
        world.keep(f"{number:03d}", line_entry(call_of(f"e{number:03d}")))
    assert world.replay().complete
    assert [len(batch) for batch in world.destination.batches] == [120]
    assert world.finished == [1] * 120


def test_the_memory_of_pending_entries_is_bounded(world: ReplayWorld) -> None:
    """Past 64 MiB batches are sent before they are full, and the files whose entries have results are emptied."""
    line = capture(csv_side("1"), csv_side("2"), eventId="e", padding="x" * 30_000_000)
    for name in "abc":
        world.keep(name, line_entry(line.replace(b'"e"', f'"{name}"'.encode())))
    files: list[int] = []

    def count_files(batch: Batch) -> Receipt:
        files.append(sum(bool(entries) for entries in world.entries().values()))
        return world.destination.accept(batch)

    world.destination.always = count_files
    for name in "de":
        world.keep(name, line_entry(call_of(name)))
    assert world.replay().complete
    assert files == [5, 2]


def test_entries_of_several_routes_in_one_file_are_sent_by_their_own_routes(world: ReplayWorld) -> None:
    """Each entry is decoded with the options of its route and sent to the model of its route."""
    options = DecodingOptions(id_source=IdSource.EVENT_ID)
    world.routes["other"] = replace(CHURN, name="other", model_id="n", decoding=options)
    line = capture(csv_side("1"), csv_side("2"), eventId="event", inferenceId="inference")
    third = line_entry(call_of("f"), route="third")
    world.keep("a", line_entry(line), line_entry(line, route="other"), third, line_entry(call_of("e"), route="other"))
    models: dict[str, list[str]] = {}

    def record_models(batch: Batch) -> Receipt:
        models[batch.model_id] = batch.ids
        return world.destination.accept(batch)

    world.destination.always = record_models
    report = world.replay()
    assert models == {"m": ["inference"], "n": ["event", "e"]}
    assert report.left == {
        "the configuration has no such route: add it, or replay with the configuration that had it": 1
    }
    assert (report.selected, report.removed) == (4, 3)
    assert world.entries() == {"a": [third]}
    assert sorted(world.finished) == [1, 1, 2]


def test_equal_entries_are_sent_once(world: ReplayWorld) -> None:
    """They are removed together."""
    world.keep("a", line_entry(call_of("e")), line_entry(call_of("f")), line_entry(call_of("e")))
    report = world.replay()
    assert (report.selected, report.removed) == (2, 2)
    assert world.destination.batches == [["e", "f"]]
    assert world.entries() == {"a": []}


def test_a_file_without_entries_is_passed_over(world: ReplayWorld) -> None:
    """A run that took an object over leaves such a file, and so does replay. It stays as it is."""
    world.keep("a")
    before = world.path("a").stat().st_ino
    report = world.replay()
    assert (report.selected, world.finished, world.entries()) == (0, [], {"a": []})
    assert world.path("a").stat().st_ino == before


def test_only_rows_with_a_selected_code_are_sent(world: ReplayWorld) -> None:
    """The other rows of the line stay in its entry."""
    wrong_type = rejected(1, 2, code=RejectionCode.VALUE_TYPE_MISMATCH)
    world.keep("a", rows_entry("e", 4, rejected(0), wrong_type, rejected(3, why="other")))
    report = world.replay(Selection(codes=frozenset({"refused_by_destination"})))
    assert report.complete
    assert world.destination.batches == [["e_0", "e_3"]]
    assert world.entries() == {"a": [rows_entry("e", 4, wrong_type)]}


@pytest.mark.parametrize("data", [None, b"{}"])
def test_rows_that_are_not_selected_keep_their_reason(world: ReplayWorld, data: bytes | None) -> None:
    """A selected row that is rejected again stays beside them with its new reason."""
    wrong_type = rejected(1, code=RejectionCode.VALUE_TYPE_MISMATCH)
    entry = rows_entry("e", 2, rejected(0), wrong_type)
    world.keep("a", entry if data is None else replace(entry, data=data))
    world.destination.always = answers(NO)
    world.replay(Selection(codes=frozenset({"refused_by_destination"})))
    (left,) = world.entries()["a"]
    assert left.rejections[0] == wrong_type
    assert [list(one.rows or ()) for one in left.rejections] == [[1], [0]]
    assert left.rejections[1].reason.why != "the old reason"


def test_a_file_is_not_written_if_its_entries_are_the_same(world: ReplayWorld) -> None:
    """Its row was rejected for the same reason as before."""
    world.keep("a", rows_entry("e", 2, rejected(0, why="status 400: no")))
    before = world.path("a").stat().st_ino
    world.destination.always = answers(NO)
    assert not world.replay().complete
    assert world.path("a").stat().st_ino == before


def test_entries_that_another_process_adds_are_kept(world: ReplayWorld) -> None:
    """Accepted entries are removed from the new content of the file."""
    world.keep("a", line_entry(call_of("e")), line_entry(call_of("f")))
    late = line_entry(call_of("late"))
    change_at_request(world, line_entry(call_of("e")), late, line_entry(call_of("f")))
    assert world.replay().complete
    assert world.entries() == {"a": [late]}


def test_a_file_that_another_process_deletes_is_not_written_again(world: ReplayWorld) -> None:
    """Another replay may have finished it."""
    world.keep("a", line_entry(call_of("e")), line_entry(b"{}"))
    change_at_request(world)
    world.replay()
    assert world.entries() == {}


def test_a_file_that_changes_between_plan_and_reading_is_replayed_as_it_is_then(world: ReplayWorld) -> None:
    """The report counts the entries that were read."""
    world.keep("a", line_entry(call_of("e")), line_entry(call_of("f")))
    new = [line_entry(call_of(name)) for name in ("f", "g", "h")]
    report = world.replay(meanwhile=lambda: world.keep("a", *new))
    assert (report.selected, report.removed) == (3, 3)
    assert report.inferences == InferenceCounts(made=3, accepted=3)
    assert world.destination.batches == [["f", "g", "h"]]
    assert world.entries() == {"a": []}


def test_a_file_that_is_deleted_between_plan_and_reading_has_no_entries(world: ReplayWorld) -> None:
    """The other files are replayed."""
    world.keep("a", line_entry(call_of("e")))
    world.keep("b", line_entry(call_of("f")))
    report = world.replay(meanwhile=lambda: world.path("a").unlink())
    assert (report.selected, report.removed) == (1, 1)
    assert list(world.destination.stored) == ["f"]
    assert world.finished == [1, 1]


def test_a_file_that_cannot_be_read_any_more_stays(world: ReplayWorld) -> None:
    """The report counts the entries of the plan."""
    world.keep("a", line_entry(call_of("e")), line_entry(call_of("f")))
    report = world.replay(meanwhile=lambda: world.path("a").write_bytes(b"broken"))
    assert report.left == {"still pending: is not whole gzip": 2}
    assert world.path("a").read_bytes() == b"broken"


def test_a_file_that_cannot_be_read_when_it_is_written_is_reported(world: ReplayWorld) -> None:
    """Its entries are accepted, but the file was not changed."""
    world.keep("a", line_entry(call_of("e")))

    def answer(batch: Batch) -> Receipt:
        world.path("a").write_bytes(b"broken")
        return world.destination.accept(batch)

    world.destination.script = [answer]
    assert world.replay().left == {f"{COULD_NOT_BE_WRITTEN}is not whole gzip": 1}


def test_a_file_that_cannot_be_written_is_reported(world: ReplayWorld) -> None:
    """Its entries are accepted, and are duplicates at the next replay."""
    world.keep("a", line_entry(call_of("e")), line_entry(b"{}"))
    obstacle = world.folder / ".a.jsonl.gz.tmp"
    obstacle.mkdir()
    report = world.replay()
    path = world.path("a")
    assert report.left == {
        f"{COULD_NOT_BE_WRITTEN}{path} cannot be written: Is a directory": 1,
        "rejected again: not_a_capture": 1,
    }
    obstacle.rmdir()
    assert world.replay().inferences.duplicate == 1


def test_a_file_that_changes_at_every_write_is_given_up(world: ReplayWorld) -> None:
    """Five writes are tried."""

    class ChangingFiles(DirectoryFiles):
        writes = 0

        def write(self, name: str, etag: str, body: IO[bytes]) -> None:
            self.writes += 1
            raise Changed

    world.files = files = ChangingFiles(world.folder)
    world.keep("a", line_entry(call_of("e")))
    assert world.replay().left == {f"{COULD_NOT_BE_WRITTEN}another process keeps writing it": 1}
    assert files.writes == 5
    assert len(world.entries()["a"]) == 1


def test_hidden_files_are_not_quarantine_files(world: ReplayWorld) -> None:
    """A replay that was killed may have left a file that was written in part."""
    (world.folder / ".a.jsonl.gz.tmp").write_bytes(b"half")
    world.keep("a", line_entry(call_of("e")))
    assert list(DirectoryFiles(world.folder).names()) == [str(world.path("a"))]


def test_a_single_file_can_be_replayed(world: ReplayWorld) -> None:
    """The other files in its directory stay."""
    world.keep("a", line_entry(call_of("e")))
    world.keep("b", line_entry(call_of("f")))
    world.files = DirectoryFiles(world.path("a"))
    assert world.replay().complete
    assert {name: len(entries) for name, entries in world.entries().items()} == {"a": 0, "b": 1}


def test_a_file_that_is_deleted_while_files_are_listed_has_no_entries(world: ReplayWorld) -> None:
    """Another replay may have finished it."""

    class DeletedFiles(DirectoryFiles):
        def read(self, name: str) -> Content | None:
            return None

    world.files = DeletedFiles(world.folder)
    world.keep("a", line_entry(call_of("e")))
    assert world.replay().selected == 0


def test_a_file_that_is_deleted_after_a_write_was_refused_is_done(world: ReplayWorld) -> None:
    """Its entries are gone, and their rows were accepted."""

    class VanishingFiles(DirectoryFiles):
        def write(self, name: str, etag: str, body: IO[bytes]) -> None:
            Path(name).unlink()
            raise Changed

    world.files = VanishingFiles(world.folder)
    world.keep("a", line_entry(call_of("e")))
    assert world.replay().complete
