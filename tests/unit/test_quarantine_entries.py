"""What is kept of a rejection: all that it takes to find it, understand it and send it again."""

from datetime import UTC, datetime

from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DUPLICATE,
    BatchTooLarge,
    DestinationUnavailable,
    Receipt,
    RejectionCode,
)
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import Route
from tests.support.captures import capture, csv_side, json_side
from tests.support.fakes import WRITTEN
from tests.unit.test_forwarder import NO, World, answers, call, fails

HALF = capture(json_side([{"a": {"b": 1}, "a.b": 2}, {"c": 1}]), csv_side("1\n2"), inferenceId="id-9")


def kept(world: World) -> list[QuarantineEntry]:
    """Return every entry in quarantine, file by file."""
    assert world.quarantine is not None
    return [entry for _, file in sorted(world.quarantine.files.items()) for entry in file.entries]


def test_a_line_is_kept_with_its_place_and_its_bytes() -> None:
    """Source, route, line, byte offset, code and sentence, and the line as it was."""
    world = World()
    work = world.put("a", call(1), b"broken")
    world.forward(work)
    assert kept(world) == [
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.LINE_NOT_JSON,
            why="the line is not one JSON document in UTF-8",
            line=2,
            offset=len(call(1)) + 1,
            data=b"broken",
        )
    ]
    assert world.quarantine is not None
    (file,) = world.quarantine.files.values()
    assert (file.source, file.route, file.start, file.modified) == (work.source, "churn", 0, WRITTEN)


def test_a_row_is_kept_with_its_index_and_id() -> None:
    """Whether we refuse it or the destination does: the same fields say which row of which call it was."""
    world = World()
    world.destination.always = answers(NO)
    work = world.put("a", HALF)
    world.forward(work)
    assert kept(world) == [
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.AMBIGUOUS_NAME,
            why="two nested values come to the same name",
            line=1,
            index=0,
            partner_inference_id="id-9_0",
            data=HALF,
        ),
        QuarantineEntry(
            source=work.source,
            route="churn",
            code=RejectionCode.REFUSED_BY_DESTINATION,
            why="status 400: no",
            line=1,
            index=1,
            partner_inference_id="id-9_1",
            data=HALF,
        ),
    ]


def test_an_inference_that_no_request_may_hold_says_so() -> None:
    """The row that is too large alone, after its batch was halved down to it."""
    world = World()
    world.destination.always = fails(BatchTooLarge())
    world.forward(world.put("a", call(1)))
    (entry,) = kept(world)
    assert entry.code is RejectionCode.INFERENCE_TOO_LARGE
    assert entry.why == "the destination takes no request that holds this inference alone"


def test_an_object_is_kept_by_name() -> None:
    """There is no line to keep: what was to be read, where it belonged, and why there is nothing."""
    world = World()
    work = world.put("a", call(1))
    world.store.objects.clear()
    (report,) = world.forward(work)
    expected = QuarantineEntry(source=work.source, route="churn", code=RejectionCode.OBJECT_GONE, why="it is gone")
    assert kept(world) == [expected]
    assert report.why == "it is gone"


def test_a_route_may_keep_the_place_without_the_data() -> None:
    """`quarantine_payload = false`: nothing captured is stored twice."""
    route = Route(
        name="churn", bucket="captures", prefix="", destination="fake", model_id="m", quarantine_payload=False
    )
    world = World(route=route)
    world.forward(world.put("a", b"broken"))
    (entry,) = kept(world)
    assert (entry.line, entry.data) == (1, None)


def test_entries_stand_in_the_order_of_the_object() -> None:
    """By offset, then by row, in whatever order they were rejected."""
    world = World()
    world.destination.always = lambda batch: Receipt([NO] * len(batch.ids))
    world.forward(world.put("a", b"broken", call(1, rows=3), b"broken", call(2)))
    assert [(entry.line, entry.index) for entry in kept(world)] == [
        (1, None),
        (2, 0),
        (2, 1),
        (2, 2),
        (3, None),
        (4, 0),
    ]


def test_a_run_says_how_much_was_settled() -> None:
    """Progress counts what it moved past: accepted and rejected inferences of the run that wrote it."""
    world = World()
    world.destination.always = answers(ACCEPTED, NO, DUPLICATE)
    work = world.put("a", call(1), call(2), call(3))
    (report,) = world.forward(work)
    position = world.progress.positions[work.source.state_id or ""]
    assert (position.done, position.accepted, position.rejected) == (True, 2, 1)
    assert (report.route, report.destination, report.source) == ("churn", "fake", work.source)
    assert report.newest_inference == datetime(2023, 3, 24, 13, 40, 21, tzinfo=UTC)


def test_the_first_reason_for_being_owed_is_told() -> None:
    """A lane that closed is why the object is owed, in the destination's own words."""
    world = World()
    world.queue = None
    world.destination.always = fails(DestinationUnavailable("status 503"))
    (report,) = world.forward(world.put("a", call(1)))
    assert report.why == "status 503"
    assert world.progress.positions == {}
