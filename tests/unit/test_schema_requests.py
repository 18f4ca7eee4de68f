"""The schemas of models: each is requested once a run, and one that hangs delays no other."""

from collections.abc import Callable
from threading import Event

import pytest
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.sending.senders import Senders
from capture_forwarder.kinds.captures.decoder import CaptureKind
from tests.support.fakes import Clock, ImmediateExecutor, RecordingDestination, make_run, make_target
from tests.support.memory_world import ROUTE, SCHEMA
from tests.support.sender_world import SECOND, SenderWorld

SOURCE = CaptureObject("captures", "churn/a.jsonl")
ASKS = replace(ROUTE, name="asks", schema_from_model=True)
LATE = "the model's attributes were not sent in time"


class SchemaAfter:
    """A source that answers after an event."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Return the schema when the event is set."""
        del model_id, within_secs
        assert self._event.wait(30)
        return SCHEMA


class SchemaWorld:
    """The senders of one run whose destination answers requests for schemas with `answers`, by model."""

    def __init__(self, *, threads: bool = False, left_secs: float = 900.0) -> None:
        self.clock = Clock(left_secs)
        self.answers: dict[str, Callable[[], ModelSchema]] = {}
        self.requests: list[tuple[str, float]] = []
        executor = None if threads else ImmediateExecutor()
        self.target = replace(make_target(RecordingDestination(), executor=executor), schemas=self)
        self.begin_run()

    def begin_run(self) -> None:
        """Begin another run of the same process."""
        self.senders = Senders({"fake": self.target, "other": self.target}, CaptureKind(), make_run(self.clock))

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Answer as the test wants."""
        self.requests.append((model_id, within_secs))
        return self.answers[model_id]() if model_id in self.answers else SCHEMA

    def fail(self, model_id: str, error: Exception) -> None:
        """From now on raise `error` for a model."""

        def answer() -> ModelSchema:
            raise error

        self.answers[model_id] = answer

    def error_of(self, route: Route) -> str | None:
        """Return the error of a decoder, or `None` if there is one."""
        try:
            self.senders.decoder(route, SOURCE)
        except DestinationUnavailable as unavailable:
            return str(unavailable)
        return None

    def models(self) -> list[str]:
        """Return the models of all requests."""
        return [model for model, _ in self.requests]


def test_two_routes_to_one_model_ask_once() -> None:
    """The schema is kept for the run."""
    world = SchemaWorld()
    first, second = ASKS, replace(ASKS, name="second")
    assert world.senders.decoder(first, SOURCE) is world.senders.decoder(first, SOURCE)
    assert world.senders.decoder(second, SOURCE) is not world.senders.decoder(first, SOURCE)
    assert world.models() == ["m"]


def test_an_error_is_kept_for_all_routes_to_one_model() -> None:
    """Other models are asked."""
    world = SchemaWorld()
    world.fail("m", DestinationDenied("status 403"))
    errors = [world.error_of(route) for route in (ASKS, replace(ASKS, name="second"), replace(ASKS, model_id="n"))]
    assert errors == ["status 403", "status 403", None]
    assert world.models() == ["m", "n"]
    world.begin_run()
    assert world.error_of(ASKS) == "status 403"
    assert world.models() == ["m", "n", "m"]


def test_a_bug_is_raised_for_every_route() -> None:
    """It is not taken for an answer."""
    world = SchemaWorld()
    world.fail("m", ZeroDivisionError())
    for route in (ASKS, replace(ASKS, name="second")):
        with pytest.raises(ZeroDivisionError):
            world.senders.decoder(route, SOURCE)
    assert world.models() == ["m"]


@pytest.mark.parametrize(("left_secs", "within_secs"), [(900.0, 30.0), (60.0, 19.0), (2.0, 1.6 / 3), (9e9, 30.0)])
def test_a_request_takes_at_most_a_third_of_the_time_that_is_left(left_secs: float, within_secs: float) -> None:
    """At most 30 s; 2 s or 5 % of the time are reserved for committing, and a fifth of a short time."""
    world = SchemaWorld(left_secs=left_secs)
    assert world.error_of(ASKS) is None
    assert world.models() == ["m"]
    assert world.requests[0][1] == pytest.approx(within_secs)


def test_no_schema_is_requested_when_the_time_is_over() -> None:
    """No request could end in time."""
    world = SchemaWorld()
    world.clock.now += 900.0
    assert world.error_of(ASKS) == "the invocation's time was used up before the model's attributes were requested"
    assert world.requests == []


def test_after_a_schema_that_did_not_come_the_next_ones_get_half_of_the_time() -> None:
    """All together take about a minute; each gets at least a second. Other errors do not count."""
    world = SchemaWorld()
    world.fail("denied", DestinationDenied("status 403"))
    assert world.error_of(replace(ASKS, name="d", model_id="denied"))
    for number in range(8):
        world.fail(str(number), DestinationUnavailable("no answer", unanswered=True))
        assert world.error_of(replace(ASKS, name=str(number), model_id=str(number))) == "no answer"
    assert [within for _, within in world.requests] == [30.0, 30.0, 15.0, 7.5, 3.75, 1.875, 1.0, 1.0, 1.0]


def test_a_schema_that_hangs_is_abandoned_and_the_next_one_is_read() -> None:
    """The call keeps its thread, and later calls have others. Its late answer is not used."""
    world, release = SchemaWorld(threads=True), Event()

    def hang() -> ModelSchema:
        world.clock.now += 31.0
        assert release.wait(30)
        return SCHEMA

    world.answers["m"] = hang
    assert world.error_of(ASKS) == LATE
    assert world.error_of(replace(ASKS, name="n", model_id="n")) is None
    assert [within for _, within in world.requests] == [30.0, 15.0]
    release.set()
    assert world.error_of(ASKS) == LATE


def test_a_schema_that_hangs_past_the_end_of_the_run_is_abandoned() -> None:
    """The time for all results is over."""
    world, release = SchemaWorld(threads=True), Event()

    def hang() -> ModelSchema:
        world.clock.now += 900.0
        assert release.wait(30)
        return SCHEMA

    world.answers["m"] = hang
    assert world.error_of(ASKS) == LATE
    release.set()


def test_results_of_others_are_used_while_a_schema_hangs() -> None:
    """The schema comes only after the rows of the second destination were recorded."""
    world, release = SenderWorld(), Event()

    def on_results() -> None:
        if not world.trackers["second"].inferences.pending:
            release.set()

    world.on_results = on_results
    world.targets["fake"] = replace(world.targets["fake"], schemas=SchemaAfter(release))
    world.begin_run()
    world.add(route=SECOND)
    world.senders.flush()
    world.senders.decoder(ASKS, SOURCE)
    assert world.trackers["second"].inferences.accepted == 1


def test_a_schema_is_not_requested_before_the_time_that_the_destination_named() -> None:
    """This holds for later runs of the same process, and for the rows of the model as well."""
    world = SchemaWorld()
    world.fail("m", DestinationUnavailable("status 429", retry_after_secs=60.0))
    assert world.error_of(ASKS) == "status 429"
    world.begin_run()
    world.clock.now += 59.5
    assert world.error_of(ASKS) == "the destination asked for a wait of 1 s more"
    assert str(world.senders.sender(ASKS).error) == "the destination asked for a wait of 1 s more"
    assert world.models() == ["m"]
    world.clock.now += 1.0
    world.begin_run()
    assert world.error_of(ASKS) == "status 429"
    assert world.models() == ["m", "m"]
