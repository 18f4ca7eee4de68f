"""The short form of the model checker: small worlds in full, and each rule left out once. `make model` is the long form.

The design is in docs/adr/0018-claims-and-run-items.md.
"""

import pytest
from msgspec.structs import asdict

from tests.model.cases import NEEDED, REPEATS, SHORT, Case, Needed, wild
from tests.model.explore import Result
from tests.model.moves import Limits
from tests.model.promises import Promise
from tests.model.protocol import Rules


def traces(result: Result) -> str:
    """Return the traces to broken promises, for the message of a failed test."""
    return "\n".join(f"{promise}:\n  " + "\n  ".join(map(str, trace)) for promise, trace in result.traces.items())


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
def test_every_promise_holds_in_every_state(case: Case) -> None:
    """No order of events, faults, checkpoints and errors breaks a promise. The bound on sendings is reached."""
    result = case.check()
    assert not result.traces, traces(result)
    assert result.most_sends == 1 + case.limits.faults


def test_repeats_of_messages_and_requests_send_nothing_again() -> None:
    """No line is sent twice because an event, a delivery or a request is repeated."""
    result = REPEATS.check()
    assert not result.traces, traces(result)
    assert result.most_sends == 1


@pytest.mark.parametrize("case", wild(walks=60), ids=lambda case: case.name)
def test_every_promise_holds_on_random_walks(case: Case) -> None:
    """The seed is fixed, so every run walks the same ways."""
    result = case.check()
    assert not result.traces, traces(result)


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.rule)
def test_each_rule_is_needed(needed: Needed) -> None:
    """Without the rule, the search finds a trace that breaks the promise; with it, it finds none."""
    assert needed.promise in needed.check().traces
    result = Case(needed.rule, needed.limits).check()
    assert not result.traces, traces(result)


@pytest.mark.parametrize("walks", [0, 1])
def test_a_message_that_stays_is_found(walks: int) -> None:
    """A world without an invocation ends with its message."""
    assert set(Case("no worker", Limits(workers=0), walks).check().traces) == {Promise.QUEUE_EMPTY}


def test_no_rule_is_left_out_of_these_tests() -> None:
    """Each rule has a case that shows the promise that needs it."""
    assert [needed.rule for needed in NEEDED] == list(asdict(Rules()))
