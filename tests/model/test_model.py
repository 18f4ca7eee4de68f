"""The short form of the model checker: small worlds in full, and each rule left out once. `make model` is the long form.

The design is in docs/adr/0018-claims-and-run-items.md.
"""

import pytest
from msgspec.structs import asdict

from tests.model.cases import NEEDED, REPEATS, SHORT, WILD, WILD_CLOCKS_WRONG, Case, Needed
from tests.model.explore import Result, search, walk
from tests.model.moves import Limits
from tests.model.protocol import Rules


def traces(result: Result) -> str:
    """Return the traces to broken promises, for the message of a failed test."""
    return "\n".join(f"{promise}:\n  " + "\n  ".join(map(str, trace)) for promise, trace in result.traces.items())


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
def test_every_promise_holds_in_every_state(case: Case) -> None:
    """No order of events, faults, checkpoints and errors breaks a promise; a line is sent once more a fault."""
    result = search(Rules(), case.limits)
    assert not result.traces, traces(result)
    assert result.most_sends == 1 + case.limits.faults


def test_repeats_of_messages_and_requests_send_nothing_again() -> None:
    """Events, deliveries and requests that are repeated cost no line a second sending."""
    result = search(Rules(), Limits(REPEATS.limits.events, 1, REPEATS.limits.kinds))
    assert not result.traces, traces(result)
    assert result.most_sends == 1


@pytest.mark.parametrize("limits", [WILD, WILD_CLOCKS_WRONG], ids=["clocks right", "clocks wrong"])
def test_every_promise_holds_on_random_walks(limits: Limits) -> None:
    """Six faults, three invocations at the same time and two objects: too much for a full search."""
    result = walk(Rules(), limits, walks=60)
    assert not result.traces, traces(result)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.rule)
def test_each_rule_is_needed(needed: Needed) -> None:
    """Without the rule, the search finds a trace that breaks the promise; with it, it finds none."""
    assert needed.promise in search(needed.rules, needed.limits, until=needed.promise).traces
    result = search(Rules(), needed.limits)
    assert not result.traces, traces(result)


def test_no_rule_is_left_out_of_these_tests() -> None:
    """Whoever adds a rule also names the promise that needs it."""
    assert [needed.rule for needed in NEEDED] == list(asdict(Rules()))
