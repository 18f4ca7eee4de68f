"""The check at the end of every test with faults: each row is in exactly one place."""

from collections import Counter
from math import inf

from tests.faults.harness.entries import entries
from tests.faults.harness.world import HEALTHY, TRUE_VALUE, FaultWorld, Row

_SHOWN = 5


def assert_conserved(
    world: FaultWorld,
    *,
    again_a_row: int = 0,
    again: float = inf,
    again_a_healthy_row: int = 0,
    pending: bool = False,
    messages: int = 1,
) -> None:
    """Assert that each row was accepted once, or is in quarantine once, or waits in exactly one message.

    No row was accepted more than `again_a_row` times more, and all rows together `again` times. Rows of the healthy route
    were accepted once, unless the fault is in a service that all routes share (`again_a_healthy_row`). Only with
    `pending` may rows wait, each object in at most `messages` messages.
    """
    found = Counter((entry.key, entry.line, entry.index) for entry in entries())
    waiting, dead = world.messages(), world.dead()
    wrong: list[str] = []
    for partner_id, row in world.rows.items():
        in_messages = sum(row.key in body for body in waiting)
        allowed = again_a_healthy_row if row.route == HEALTHY else again_a_row
        if problem := _problem(world, partner_id, _kept(found, row), allowed):
            wrong.append(problem)
        elif _is_nowhere(world, partner_id, _kept(found, row)) and not (pending and 1 <= in_messages <= messages):
            wrong.append(f"{partner_id} is nowhere, and in {in_messages} messages")
    assert not wrong, f"{len(wrong)} of {len(world.rows)} rows are wrong, such as {wrong[:_SHOWN]}; dead: {len(dead)}"
    assert not dead, f"{len(dead)} dead letters"
    assert world.sent_again() <= again, f"{world.sent_again()} rows sent again"
    assert pending or not waiting, f"{len(waiting)} messages are left"
    unknown = [name for name in world.receiver.accepted if name not in world.rows]
    assert not unknown, f"rows that were never offered, such as {unknown[:_SHOWN]}"


def _problem(world: FaultWorld, partner_id: str, kept: int, allowed: int) -> str | None:
    """Return the error of a row that was accepted or is in quarantine, or none; `kept` entries cover it."""
    count = world.receiver.accepted[partner_id]
    if count and kept:
        return f"{partner_id} is accepted and in quarantine"
    if kept > 1:
        return f"{partner_id} is {kept} times in quarantine"
    if count > 1 + allowed:
        return f"{partner_id} was accepted {count} times"
    if world.rows[partner_id].refused and count:
        return f"{partner_id} was to be refused"
    if (sent := world.receiver.values[partner_id]) and sent[-1]["feature_1"] != TRUE_VALUE:
        return f"{partner_id} has another value"
    return None


def _is_nowhere(world: FaultWorld, partner_id: str, kept: int) -> bool:
    return not world.receiver.accepted[partner_id] and not kept


def _kept(found: Counter[tuple[str, int, int | None]], row: Row) -> int:
    """Return how many entries cover a row: its own, one of its line, one of its object."""
    places = {(row.key, row.line, row.index), (row.key, row.line, None), (row.key, 0, None)}
    return sum(found[place] for place in places)
