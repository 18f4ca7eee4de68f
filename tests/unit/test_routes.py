"""Routes in a run: rows that share a request, and the source of a route's schema."""

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ObjectState
from capture_forwarder.domain.delivery import (
    DestinationUnavailable,
    PendingCause,
    Receipt,
    RejectionCode,
    Unavailable,
)
from capture_forwarder.domain.notices import ObjectForwarded
from capture_forwarder.domain.route import NoRoute, Router
from capture_forwarder.domain.schema import ModelSchema
from tests.support.captures import capture, json_side
from tests.support.fakes import ConcurrentCalls
from tests.support.memory_world import ROUTE, SCHEMA, MemoryWorld, call
from tests.support.quarantine import one_by_one

SAME_MODEL = replace(ROUTE, name="same", prefix="churn/same/")
OTHER_MODEL = replace(ROUTE, name="other", prefix="churn/other/", model_id="n")


def test_routes_to_one_model_share_batches_and_other_routes_do_not() -> None:
    """A batch belongs to one model of one destination; rows of several routes may share it."""
    world = MemoryWorld()
    world.routes = (ROUTE, SAME_MODEL, OTHER_MODEL)
    world.forward(world.put("a", call(1)), world.put("same/a", call(2)), world.put("other/a", call(3)))
    assert sorted(world.destination.batches) == [["id-1", "id-2"], ["id-3"]]


def test_the_last_requests_of_all_models_are_under_way_together() -> None:
    """At the end of a run no model waits for the answer to another model's request."""
    world, calls = MemoryWorld(), ConcurrentCalls()
    world.routes = (ROUTE, OTHER_MODEL)
    together: list[bool] = []

    def wait_for_the_other(batch: Batch) -> Receipt:
        together.append(calls.wait_for(2))
        return world.destination.accept(batch)

    world.destination.always = wait_for_the_other
    world.forward(world.put("a", call(1)), world.put("other/b", call(2)))
    assert together == [True, True]


def test_an_object_with_another_suffix_is_skipped() -> None:
    """The route's option says so. It is acknowledged. Neither the object nor its progress is read."""
    world = MemoryWorld(route=replace(ROUTE, suffix=".jsonl"))
    (report,) = world.forward(Work(world.store.put("churn/a.csv", call(1))))
    assert (report.state, report.why) == (ObjectState.SKIPPED, NoRoute.SKIPPED)
    assert report.complete
    assert (world.store.reads, world.progress.claimed, world.quarantine.files) == ([], [], {})
    assert [notice.report for notice in world.observer.notices if isinstance(notice, ObjectForwarded)] == [report]


def test_an_object_that_no_route_covers_is_in_quarantine_as_a_whole() -> None:
    """The route was forgotten. The event comes twice, and there is one entry; the object beside it is forwarded."""
    world = MemoryWorld()
    work = Work(world.store.put("elsewhere/a.jsonl", call(1)))
    for _ in range(2):
        reports = world.forward(work, world.put("a", call(2)))
        assert reports[0].state is ObjectState.UNROUTED
        assert all(report.complete for report in reports)
    (file,) = world.quarantine.files.values()
    assert (file.route, file.day, file.run) == ("unrouted", "objects", "object")
    (entry,) = one_by_one(file.entries)
    assert (entry.source, entry.line, entry.code, entry.data) == (work.source, 0, RejectionCode.NO_ROUTE, None)
    assert entry.why == "no route covers its key: add a route for it, or a longer prefix to the bucket's events"
    assert "churn/elsewhere" not in {key for key, _ in world.store.reads}
    assert list(world.destination.stored) == ["id-2"]


def test_without_a_quarantine_an_unrouted_object_is_not_complete() -> None:
    """Its message keeps it."""
    world = MemoryWorld()
    world.has_quarantine = False
    (report,) = world.forward(Work(world.store.put("elsewhere/a.jsonl", call(1))))
    assert (report.state, report.complete, report.unquarantined) == (ObjectState.UNROUTED, False, 1)
    assert world.queue.messages == []


def test_an_unrouted_object_waits_while_quarantine_is_unavailable() -> None:
    """It becomes a message of its own, like any other object."""
    world = MemoryWorld()
    world.quarantine.error = Unavailable("the quarantine bucket answers 500")
    (report,) = world.forward(Work(world.store.put("elsewhere/a.jsonl", call(1))))
    assert (report.state, report.cause, report.complete) == (ObjectState.REQUEUED, PendingCause.OWN_RESOURCES, True)
    assert world.requeued()[1] == 30


def test_an_object_of_a_bucket_that_is_not_configured_is_refused() -> None:
    """That message alone fails."""
    world = MemoryWorld()
    reports = world.forward(Work(CaptureObject("other", "churn/a.jsonl", etag="e")), world.put("a", call(2)))
    assert [(report.state, report.complete) for report in reports] == [
        (ObjectState.REFUSED, False),
        (ObjectState.DONE, True),
    ]
    assert reports[0].why == NoRoute.UNKNOWN_BUCKET
    assert (world.quarantine.files, world.queue.messages) == ({}, [])


def test_unrouted_objects_of_a_shared_bucket_may_be_skipped() -> None:
    """Other programs store objects there, and the events of wider folders bring them."""
    router = Router((ROUTE,), frozenset({ROUTE.bucket}))
    assert router.why_no_route(CaptureObject("captures", "elsewhere/a.jsonl")) is NoRoute.SKIPPED
    assert router.why_no_route(CaptureObject("other", "elsewhere/a.jsonl")) is NoRoute.UNKNOWN_BUCKET
    assert Router((ROUTE,)).why_no_route(CaptureObject("captures", "elsewhere/a.jsonl")) is NoRoute.UNROUTED


def test_the_schema_of_a_route_may_come_from_the_model() -> None:
    """With `schema = "model"` the destination is asked for the attributes."""
    world = MemoryWorld(route=replace(ROUTE, schema_from_model=True))
    world.destination.model_schema = ModelSchema(
        (replace(SCHEMA.attributes[0], name="age"), replace(SCHEMA.attributes[1], name="score"))
    )
    world.forward(world.put("a", call(7)), world.put("b", call(8)))
    assert world.destination.data("id-7") == {"age": 0, "score": 0}
    assert world.destination.schema_requests == ["m"]


def test_the_schema_of_a_route_is_requested_once_a_run_if_the_destination_does_not_answer() -> None:
    """All objects of the route are pending with the same reason, and the next run asks again."""
    world = MemoryWorld(route=replace(ROUTE, schema_from_model=True))
    world.has_queue = False
    world.destination.schema_error = DestinationUnavailable("status 503")
    works = [world.put(f"o{number}", call(number)) for number in range(5)]
    reports = world.forward(*works)
    assert {(report.state, report.why) for report in reports} == {(ObjectState.PENDING, "status 503")}
    assert world.destination.schema_requests == ["m"]
    assert world.destination.batches == []
    world.destination.schema_error = None
    assert {report.state for report in world.forward(*works)} == {ObjectState.DONE}
    assert world.destination.schema_requests == ["m", "m"]


def test_the_schema_of_one_route_does_not_affect_another_route_to_the_same_model() -> None:
    """A route without a schema is forwarded although the schema of the other route is not known."""
    world = MemoryWorld()
    world.has_queue = False
    world.routes = (ROUTE, replace(SAME_MODEL, schema_from_model=True))
    world.destination.schema_error = DestinationUnavailable("status 503")
    reports = world.forward(world.put("same/a", call(1)), world.put("a", call(2)))
    assert [report.state for report in reports] == [ObjectState.PENDING, ObjectState.DONE]


@pytest.mark.parametrize(("schema", "data"), [(None, {"a": 1, "b": 2}), (SCHEMA, None)])
def test_a_schema_decides_which_names_are_known(schema: ModelSchema | None, data: dict[str, int] | None) -> None:
    """Without a schema values go by the names of the call; with a schema other names are rejected."""
    world = MemoryWorld(schema=schema)
    line = capture(json_side([{"a": 1}]), json_side([{"b": 2}]), inferenceId="id")
    world.forward(world.put("a", line))
    assert [world.destination.data(one) for one in world.destination.stored] == ([data] if data else [])
    assert world.quarantined() == ([] if data else [(RejectionCode.UNKNOWN_ATTRIBUTE, 1, 0)])
