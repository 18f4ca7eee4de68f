"""An API that is down for two days, as Lambda and SQS would treat the function's own messages.

Pending objects return to the function's queue again and again. Lambda takes this for a recursive loop: it stops the
chain after about 16 invocations, unless the function allows it, and then the messages become dead letters.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture_forwarder.configuration.settings import FunctionSettings
from capture_forwarder.configuration.stack import StackSettings
from tests.faults.flaky import Always, Failure, flaky
from tests.faults.recursion import MAX_INVOCATIONS, LambdaService, RecursiveLoop, SimulatedClock, traced_sqs
from tests.support.captures import capture, csv_side
from tests.worlds import Schema, World, running_world

SNAPSHOT = Path("tests/infra/snapshots/new-bucket.json")  # tests/infra/test_templates.py compares it with the template
OBJECTS = 2
DAY_SECS = 24 * 3600
RAMP = 5  # delays of 30, 60, 120, 240 and 480 seconds, before those of 900


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    """Give the time of the queues."""
    simulated = SimulatedClock()
    with simulated.of_local_sqs():
        yield simulated


@pytest.fixture(params=[Schema.NONE])
def world(request: pytest.FixtureRequest, tmp_path: Path, clock: SimulatedClock) -> Iterator[World]:
    """Give a world whose queue has the timeouts of the deployed one."""
    del clock  # the queues are made by its time
    schema: Schema = request.param
    stack = StackSettings()
    with (
        running_world(
            tmp_path, schema, visibility_secs=stack.visibility_timeout_secs, max_receives=stack.max_receives
        ) as running,
        traced_sqs(),
    ):
        yield running


def deployed_recursive_loop() -> RecursiveLoop:
    """Return the function's property in the template; Lambda's default is `Terminate`."""
    resources = json.loads(SNAPSHOT.read_text(encoding="utf-8"))["Resources"].values()
    (function,) = (each for each in resources if each["Type"] == "AWS::Lambda::Function")
    return RecursiveLoop(function["Properties"].get("RecursiveLoop", RecursiveLoop.TERMINATE))


def begin(world: World, url: str, clock: SimulatedClock, recursive_loop: RecursiveLoop) -> LambdaService:
    """Configure the function for the API at `url`, and send one message for each of some objects."""
    world.configure(url, first_delay_secs=FunctionSettings().first_delay_secs)
    calls = {
        f"id-{number}": capture(csv_side("1,2.5,a"), csv_side("0.5"), inferenceId=f"id-{number}")
        for number in range(OBJECTS)
    }
    world.send(*(world.put(name, call) for name, call in calls.items()))
    return LambdaService(world.queue, clock, recursive_loop)


@pytest.mark.lengthy
def test_r_an_outage_of_two_days_leaves_every_object_in_the_queue(world: World, clock: SimulatedClock) -> None:
    """No object is a dead letter, each is tried less than 100 times a day, and arrives once when the API is back."""
    api = Always(Failure.OUTAGE)
    with flaky(world.monitor.url, api) as url:
        function = begin(world, url, clock, deployed_recursive_loop())
        started = clock.now
        function.work(hours=48)
        assert (world.waiting(), world.waiting(world.dead_letters)) == (OBJECTS, 0)
        assert world.times_received() == {}
        check_rounds(function, started)
        api.down = False
        function.work(hours=1)
    assert world.times_received() == {f"id-{number}": 1 for number in range(OBJECTS)}
    assert (world.waiting(), world.waiting(world.dead_letters)) == (0, 0)


def check_rounds(function: LambdaService, started: float) -> None:
    """Every object was tried to the end of both days, in one chain, and no more often than its delays say."""
    assert len(function.rounds) == OBJECTS
    for times in function.rounds.values():
        first_day = sum(at < started + DAY_SECS for at in times)
        assert 90 < first_day < 100 + RAMP
        assert 90 < len(times) - first_day < 100
        assert function.longest_chain >= len(times) > 10 * MAX_INVOCATIONS


def test_r_the_same_outage_makes_dead_letters_where_lambda_stops_recursion(world: World, clock: SimulatedClock) -> None:
    """With `Terminate`, Lambda's default, no object gets further than its 16th invocation, in about three hours."""
    with flaky(world.monitor.url, Always(Failure.OUTAGE)) as url:
        function = begin(world, url, clock, RecursiveLoop.TERMINATE)
        function.work(hours=48)
    assert [len(times) for times in function.rounds.values()] == [MAX_INVOCATIONS] * OBJECTS
    assert (world.waiting(), world.waiting(world.dead_letters)) == (0, OBJECTS)
