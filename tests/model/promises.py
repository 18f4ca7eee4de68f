"""The promises of the design, checked in every state and at every step."""

from collections import Counter
from enum import StrEnum
from functools import cache

from tests.model.world import LINES, Stored, World

MOST_RUNS = 30  # more invocations mean that messages go round without end


class Promise(StrEnum):
    """The promises that must hold at all times."""

    NOTHING_LOST = "each line is committed, or a message is left for its object"
    IN_QUARANTINE_ONCE = "no rejection is in quarantine twice"
    IN_QUARANTINE = "what a save covers was sent, and its rejections are in quarantine"
    COMMITTED_STAYS = "what is committed stays committed"
    FEW_SENDS = "a line is sent at most 1 + faults times, and repeats of messages and requests do not count"
    QUEUE_EMPTY = "every execution ends, and then the queue is empty"


def broken_in(world: World) -> list[Promise]:
    """Return the promises that a state breaks.

    Here too many invocations break `QUEUE_EMPTY`. The search itself checks that no message is left at an end.
    """
    found = list(_broken_by(world.stored))
    waiting = {message.object for message in world.queue}
    if any(lines < LINES and number not in waiting for number, lines in enumerate(_committed(world.stored))):
        found.append(Promise.NOTHING_LOST)
    if _most_sends(world.stored) > 1 + world.harm:
        found.append(Promise.FEW_SENDS)
    if world.runs > MOST_RUNS:
        found.append(Promise.QUEUE_EMPTY)
    return found


def broken_by_step(before: World, after: World) -> list[Promise]:
    """Return the promises that a step breaks."""
    if before.stored is after.stored:
        return []
    pairs = zip(_committed(before.stored), _committed(after.stored), strict=True)
    return [Promise.COMMITTED_STAYS] if any(then > now for then, now in pairs) else []


def forget() -> None:
    """Give back the memory that the checks of one search took."""
    for check in (_committed, _most_sends, _broken_by):
        check.cache_clear()


@cache
def _committed(stored: Stored) -> tuple[int, ...]:
    return tuple(stored.committed(number) for number in range(len(stored.claims)))


@cache
def _most_sends(stored: Stored) -> int:
    return max(max(lines) for lines in stored.sends)


@cache
def _broken_by(stored: Stored) -> list[Promise]:
    entries = Counter((name.object, line) for name, lines in stored.files for line in lines)
    found = []
    if max(entries.values(), default=0) > 1:
        found.append(Promise.IN_QUARANTINE_ONCE)
    covered = [(number, line) for number, done in enumerate(_committed(stored)) for line in range(done)]
    if any(
        not stored.sends[number][line] or entries[number, line] < (line in stored.rejected_lines)
        for number, line in covered
    ):
        found.append(Promise.IN_QUARANTINE)
    return found
