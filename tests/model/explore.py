"""Visit every state of a small world, or follow random walks through a larger one."""

import gc
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from msgspec import Struct

from tests.model.moves import Limits, Move, moves
from tests.model.programs import Programs
from tests.model.promises import Promise, broken_by_step, broken_in, forget
from tests.model.protocol import Rules
from tests.model.world import World

Origins = dict[World, tuple[World, Move] | None]


class Result(Struct):
    """The result of a search: the first trace to each broken promise, and the largest counts that were reached."""

    states: int = 0
    traces: dict[Promise, list[Move]] = {}
    most_sends: int = 0
    most_runs: int = 0
    secs: float = 0.0

    def reach(self, world: World) -> None:
        """Count a state."""
        self.states += 1
        self.most_runs = max(self.most_runs, world.runs)
        self.most_sends = max(self.most_sends, *(max(lines) for lines in world.stored.sends))


def search(rules: Rules, limits: Limits, *, until: Promise | None = None) -> Result:
    """Visit every state, the nearest first. Stop at the first trace that breaks `until`."""
    started, first, result = time.monotonic(), limits.first_world(), Result()
    programs = Programs(first.stored, rules)
    origins: Origins = {first: None}
    waiting = deque([first])
    with _without_collector():
        while waiting and until not in result.traces:
            world = waiting.popleft()
            ended = True
            for move, after in moves(limits, programs, world):
                ended = ended and after.faults < world.faults
                found = broken_by_step(world, after)
                if after not in origins:
                    origins[after] = world, move
                    result.reach(after)
                    found += broken_in(after)
                    if Promise.QUEUE_EMPTY not in found:
                        waiting.append(after)
                for promise in found:
                    result.traces.setdefault(promise, [*_trace(origins, world), move])
            if ended and world.queue:
                result.traces.setdefault(Promise.QUEUE_EMPTY, _trace(origins, world))
    forget()
    result.secs = time.monotonic() - started
    return result


def walk(rules: Rules, limits: Limits, *, walks: int, seed: int = 1) -> Result:
    """Follow random walks to their ends: more faults than a full search can visit."""
    started, random, result = time.monotonic(), Random(seed), Result()
    first = limits.first_world()
    programs = Programs(first.stored, rules)
    for _ in range(walks):
        world, faults_share, trace = first, random.choice((0.05, 0.15, 0.4)), list[Move]()
        while choices := list(moves(limits, programs, world)):
            normal = [choice for choice in choices if choice[1].faults == world.faults]
            faulty = [choice for choice in choices if choice[1].faults < world.faults]
            with_fault = faulty and (not normal or random.random() < faults_share)
            move, after = random.choice(faulty if with_fault else normal)
            trace.append(move)
            for promise in (*broken_by_step(world, after), *broken_in(after)):
                result.traces.setdefault(promise, list(trace))
            result.reach(after)
            world = after
            if Promise.QUEUE_EMPTY in result.traces:
                break
        if world.queue:
            result.traces.setdefault(Promise.QUEUE_EMPTY, list(trace))
    forget()
    result.secs = time.monotonic() - started
    return result


def _trace(origins: Origins, world: World) -> list[Move]:
    trace = []
    while origin := origins[world]:
        world, move = origin
        trace.append(move)
    return trace[::-1]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Switch the garbage collector off: states have no cycles, and a million of them make it slow."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
