"""The function is killed at any moment, again and again: no row is lost, and few are sent twice.

`KILLS=500 pytest -s tests/faults/test_kill.py` is the long form, with 500 kills for each schema. The short form divides
50 among them. The same seed draws the same captures and delays.
"""

import os
import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.load import Loads, Offered
from tests.faults.worker import Message, Supervisor, running_supervisor
from tests.worlds import Schema, World, eventually, running_world

KILLS = int(os.environ.get("KILLS", "0")) or 50 // len(Schema)
SEED = 20260115
BACKLOG = 30
LONGEST_LIFE_SECS = 0.4
MAX_INFERENCES = 100
MAX_IN_FLIGHT = 4
INSPECTIONS = max(10, KILLS // 10)
# Sent again after a kill are the rows in flight, and those that were accepted since the last checkpoint. Of the second
# there are more with a schema, because the compiled path reads several times as many lines between two checkpoints.
MAX_AGAIN = {schema: MAX_IN_FLIGHT * MAX_INFERENCES * (1 if schema is Schema.NONE else 2) for schema in Schema}


@pytest.mark.parametrize("schema", Schema)
def test_a_killed_function_loses_no_row_and_sends_few_twice(tmp_path: Path, schema: Schema) -> None:
    """Monitor and quarantine hold exactly what they should; a row that progress has committed is never sent again."""
    started = time.monotonic()
    log = tmp_path / "worker.log"
    with running_world(tmp_path, schema, visibility_secs=1, max_receives=100) as world:
        world.configure(checkpoint_secs=0.05, max_inferences=MAX_INFERENCES, max_in_flight=MAX_IN_FLIGHT)
        offered = Offered(world)
        with running_supervisor(world.queue, timeout_secs=1.5, log=log) as supervisor:
            messages, received = killed_again_and_again(world, offered, supervisor)
            messages += finished(world, supervisor)
        offered.check(log.read_text(encoding="utf-8"))
        times = world.times_received()
        assert {partner_id: times[partner_id] for partner_id in received} == received
        again = sum(times.values()) - len(times)
        during_call = sum(one == "begin" and then == "gone" for (one, _), (then, _) in pairwise(messages))
        leased = sum(saved.fence > 0 for saved in world.progress())
        print(
            f"\nschema {schema}: {KILLS} kills ({during_call} during a call) in {time.monotonic() - started:.0f} s\n"
            f"{offered.objects} objects ({leased} leased), {len(times)} inferences, "
            f"{offered.rejections.total()} rejections\n"
            f"{again} rows sent again: {again / KILLS:.0f} a kill, while {MAX_IN_FLIGHT * MAX_INFERENCES} can be in "
            f"flight; {len(received)} rows watched after progress had committed them, none sent again\n"
            f"at most {max(number for word, number in messages if word == 'received')} receives of a message"
        )
        assert during_call > KILLS / 2, "hardly a kill came during a call"
        assert leased, "no object was large enough to be leased"
        assert again <= KILLS * MAX_AGAIN[schema], "more rows came again than were in flight or not yet committed"
        assert again, "no kill came between a post and its commit"


def killed_again_and_again(
    world: World, offered: Offered, supervisor: Supervisor
) -> tuple[list[Message], dict[str, int]]:
    """Kill workers after random times; return their messages, and how often rows had come when they were committed."""
    loads, chance = Loads(SEED, world.schema.wrong_type_code), random.Random(SEED)
    messages: list[Message] = []
    received: dict[str, int] = {}
    offered.offer([[loads.big()]])
    for kill in range(1, KILLS + 1):
        missing = max(0, BACKLOG - world.waiting())
        offered.offer([loads.mixed() for _ in range(chance.choice((1, 1, 1, 2, 3)))] for _ in range(missing))
        supervisor.start()
        messages += supervisor.until("begin")
        time.sleep(chance.uniform(0, LONGEST_LIFE_SECS))
        messages += supervisor.kill()
        assert messages[-1] == ("gone", -signal.SIGKILL)
        if kill % max(1, KILLS // INSPECTIONS) == 0:
            committed, times = offered.committed(), world.times_received()
            assert committed <= times.keys(), "progress moved past rows that never arrived"
            received |= {partner_id: times[partner_id] for partner_id in committed - received.keys()}
    return messages, received


def finished(world: World, supervisor: Supervisor) -> list[Message]:
    """Let one worker live until no message is left, and return its messages."""
    supervisor.start()
    eventually(world.waiting, 0, within_secs=120, every_secs=0.1)
    messages = supervisor.kill(signal.SIGTERM)
    assert messages[-1] == ("gone", 0)
    return messages
