"""The function killed at any moment, again and again: nothing is lost, and little is sent twice.

`KILLS=500 pytest -s tests/faults/test_kill.py` is the long form; the same seed draws the same captures and delays.
"""

import os
import random
import signal
import time
from itertools import pairwise
from pathlib import Path

from tests.faults.load import Loads
from tests.faults.worker import Nursery, nursery
from tests.faults.world import World, running_world

KILLS = int(os.environ.get("KILLS", "50"))
SEED = 20260115
BACKLOG = 30
LONGEST_LIFE_SECS = 0.4
MAX_INFERENCES = 100
MAX_IN_FLIGHT = 4
INSPECTIONS = max(10, KILLS // 10)

Told = list[tuple[str, int]]


def test_killed_at_any_moment_nothing_is_lost_and_little_is_sent_twice(tmp_path: Path) -> None:
    """Monitor and quarantine hold exactly what they should; what was written down as settled never comes again."""
    started = time.monotonic()
    with running_world(tmp_path, visibility_secs=1, max_receives=100) as world:
        world.configure(
            world.monitor.url, checkpoint_secs=0.05, max_inferences=MAX_INFERENCES, max_in_flight=MAX_IN_FLIGHT
        )
        with nursery(world.queue, timeout_secs=1.5, log=world.log) as workers:
            told, received = killed_again_and_again(world, workers)
            told += finished(world, workers)
        world.check()
        times = world.times_received()
        assert {one: times[one] for one in received} == received
        again = sum(times.values()) - len(times)
        in_the_act = sum(one == "begin" and then == "gone" for (one, _), (then, _) in pairwise(told))
        leased = sum(int(item["fence"]["N"]) > 0 for item in world.progress())
        print(
            f"\n{KILLS} kills ({in_the_act} during a call) in {time.monotonic() - started:.0f} s\n"
            f"{world.objects} objects ({leased} leased), {len(times)} inferences, {len(world.rejections)} rejections\n"
            f"{again} rows sent again: {again / KILLS:.0f} a kill, while {MAX_IN_FLIGHT * MAX_INFERENCES} can be in "
            f"flight; {len(received)} rows watched after they were written down, none of them again\n"
            f"at most {max(number for word, number in told if word == 'received')} receives of a message"
        )
        assert in_the_act > KILLS / 2, "hardly a kill came while there was something to lose"
        assert leased, "no object was large enough to be leased"
        assert again <= KILLS * MAX_IN_FLIGHT * MAX_INFERENCES, "more came again than can have been in flight"
        assert again, "no kill came between a post and its being written down"


def killed_again_and_again(world: World, workers: Nursery) -> tuple[Told, dict[str, int]]:
    """Kill workers after times that are drawn; return what they told, and how often rows had come when written down."""
    loads, chance = Loads(SEED), random.Random(SEED)
    told: Told = []
    received: dict[str, int] = {}
    world.offer([[loads.big()]])
    for kill in range(1, KILLS + 1):
        missing = max(0, BACKLOG - world.waiting())
        world.offer([loads.mixed() for _ in range(chance.choice((1, 1, 1, 2, 3)))] for _ in range(missing))
        workers.start()
        told += workers.until("begin")
        time.sleep(chance.uniform(0, LONGEST_LIFE_SECS))
        told += workers.kill()
        assert told[-1] == ("gone", -signal.SIGKILL)
        if kill % (KILLS // INSPECTIONS) == 0:
            settled, times = world.written_down(), world.times_received()
            assert settled <= times.keys(), "progress moved past rows that never arrived"
            received |= {one: times[one] for one in settled - received.keys()}
    return told, received


def finished(world: World, workers: Nursery) -> Told:
    """Let one worker live until nothing waits any more, and return what it told."""
    workers.start()
    deadline = time.monotonic() + 120
    while world.waiting():
        assert time.monotonic() < deadline, f"{world.waiting()} messages still wait"
        time.sleep(0.1)
    told = workers.kill(signal.SIGTERM)
    assert told[-1] == ("gone", 0)
    return told
