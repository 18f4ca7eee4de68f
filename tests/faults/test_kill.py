"""Two workers are killed or stopped at any moment, again and again: no row is lost, and few are sent twice.

`KILLS=500 pytest -s tests/faults/test_kill.py` is the long form, with 500 kills and 500 stops for each schema. The short
form has six of each; for kinds of destinations other than `arthur` half as many, and smaller objects. After them workers
are killed at their first post, until a kill came before the commit of its rows. The same seed draws the same captures and
delays. Every event is sent twice, and one in twenty a third time, so that two workers meet on every object.
"""

import os
import random
import time
from pathlib import Path
from threading import Event, Thread

import boto3
import pytest

from tests.faults.harness.hazards import Hazards
from tests.faults.load import Loads, Offered
from tests.worlds import BOTH_PATHS, Schema, World, running_world

KILLS = int(os.environ.get("KILLS", "6"))
SEED = 20260115
BACKLOG = 30
MAX_KILLS_AT_POST = 20
LONGEST_LIFE_SECS = 0.4
STOPPED_SHARE = 0.5
TIMEOUT_SECS = 1.5
FINISH_SECS = 180.0
MAX_INFERENCES = 100
MAX_IN_FLIGHT = 4
# Sent again are the rows that no answered save covers: all that a short life has sent. None is sent again by each of
# many runs, unless these have ended by a kill or a stop too.
MAX_AGAIN = 500
MAX_TIMES = 8


@pytest.mark.lengthy
@pytest.mark.timeout(3600 if "KILLS" in os.environ else 200)
@pytest.mark.parametrize(
    ("schema", "kind"),
    [*((schema, "arthur") for schema in BOTH_PATHS), (Schema.NONE, "arthur-raw"), (Schema.NONE, "webhook")],
)
def test_killed_and_stopped_workers_lose_no_row_and_send_few_twice(tmp_path: Path, schema: Schema, kind: str) -> None:
    """Monitor and quarantine hold exactly what they should; a row that progress has committed is never sent again."""
    started, kills = time.monotonic(), KILLS if kind == "arthur" else KILLS // 2
    log = tmp_path / "worker.log"
    with running_world(tmp_path, schema, visibility_secs=60, max_receives=1000, kind=kind) as world:
        world.configure(checkpoint_secs=0.05, max_inferences=MAX_INFERENCES, max_in_flight=MAX_IN_FLIGHT)
        chance = random.Random(SEED)
        offered = Offered(world, duplicates=chance)
        hazards = Hazards(world.queue, lambda: dict(os.environ), log, timeout_secs=TIMEOUT_SECS, chance=chance)
        try:
            received = endured(world, offered, hazards, kills)
            hazards.begin()
            hazards.finish(world.waiting, within_secs=FINISH_SECS)
        finally:
            hazards.end()
        offered.check(log.read_text(encoding="utf-8"))
        times = world.times_received()
        again = sum(times.values()) - len(times)
        print(
            f"\n{kind}, schema {schema}: {hazards.ended} ends ({hazards.killed_during_call} kills during a call, {hazards.stopped} "
            f"stops) in {hazards.invocations} invocations and {time.monotonic() - started:.0f} s\n"
            f"{offered.objects} objects, {len(times)} inferences, {offered.rejections.total()} rejections\n"
            f"{again} rows sent again: {again / hazards.ended:.0f} an end; no row more than {max(times.values())} times; "
            f"{len(received)} rows watched after progress had committed them"
        )
        # A stopped worker can have requests under way, which arrive after another worker has committed their rows.
        late = {partner_id for partner_id, before in received.items() if times[partner_id] > before}
        assert len(late) <= hazards.stopped * MAX_IN_FLIGHT * MAX_INFERENCES, "rows came again after their commit"
        assert hazards.killed_during_call > kills / 4, "hardly a kill came during a call"
        assert again <= hazards.ended * MAX_AGAIN
        assert max(times.values()) <= MAX_TIMES
        assert again, "no kill came between a post and its commit"


def endured(world: World, offered: Offered, hazards: Hazards, kills: int) -> dict[str, int]:
    """Kill and stop workers while objects come; return how often rows had come when they were committed."""
    loads = Loads(SEED, world.schema.wrong_type_code)
    received: dict[str, int] = {}
    offered.offer([[loads.big()]])
    draw = loads.mixed if world.kind == "arthur" else loads.small
    done = Event()
    failures: list[BaseException] = []

    def feed() -> None:
        chance = random.Random(SEED)
        try:
            while not done.wait(0.2):
                missing = max(0, BACKLOG - visible(world.queue))
                offered.offer([draw() for _ in range(chance.choice((1, 1, 1, 2, 3)))] for _ in range(missing))
                committed, times = offered.committed(), world.times_received()
                assert committed <= times.keys(), "progress moved past rows that never arrived"
                received.update((name, times[name]) for name in committed - received.keys())
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            failures.append(error)

    feeder = Thread(target=feed, name="feeder")
    feeder.start()
    try:
        hazards.endure(2 * kills, longest_life_secs=LONGEST_LIFE_SECS, stopped_share=STOPPED_SHARE)
        for _ in range(MAX_KILLS_AT_POST):
            if killed_at_post(world, hazards) - offered.committed():  # they will be sent again
                break
    finally:
        done.set()
        feeder.join()
    if failures:
        raise failures[0]
    return received


def killed_at_post(world: World, hazards: Hazards) -> set[str]:
    """Kill a worker as soon as rows of it have come; return the ids of all rows that have come since its beginning."""
    before = world.times_received()
    hazards.kill_when(lambda: world.times_received() != before)
    return {name for name, times in world.times_received().items() if times > before.get(name, 0)}


def visible(queue: str) -> int:
    """Return how many messages can be received now."""
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
