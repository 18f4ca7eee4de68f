"""The meaning of statuses, and of Retry-After, for any destination."""

from datetime import UTC, datetime

import pytest

from capture_forwarder.destinations.statuses import failure_of, is_success, retry_after
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from tests.support.statuses import REPORTED

NOW = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)


PASSING = {
    408,
    409,
    423,
    424,
    425,
    429,
    449,
    460,
    499,
    500,
    502,
    503,
    504,
    507,
    509,
    520,
    524,
    529,
    598,
    599,
    600,
    999,
    0,
    20,
    199,
}
DENIED = {*REPORTED, 304, 399, 420, 430, 441, 506, 508, 510, 511} - PASSING


@pytest.mark.parametrize("status", [200, 201, 202, 207, 299])
def test_a_2xx_status_is_success(status: int) -> None:
    """The results of the rows are in the body."""
    assert is_success(status)


@pytest.mark.parametrize("status", [0, 100, 103, 199, 300, 400, 500, 999])
def test_every_other_status_is_no_success(status: int) -> None:
    """No row is accepted by it."""
    assert not is_success(status)


def test_every_reported_status_has_a_meaning() -> None:
    """None of them is about rows, so each leaves them pending."""
    assert len(set(REPORTED)) == 48
    assert set(REPORTED) <= PASSING | DENIED


@pytest.mark.parametrize("status", sorted(PASSING))
def test_a_passing_status_is_tried_again(status: int) -> None:
    """The error has the wait that the destination asked for. 429 and 503 also ask for fewer requests."""
    failure = failure_of(status, 7.0)
    assert type(failure) is DestinationUnavailable
    assert (str(failure), failure.retry_after_secs) == (f"status {status}", 7.0)
    assert failure.throttled is (status in {429, 503})
    assert failure.unanswered is (status in {408, 460, 499, 502, 504, 524, 598, 599})


@pytest.mark.parametrize("status", sorted(DENIED))
def test_a_denial_says_what_a_person_must_look_at(status: int) -> None:
    """The rows stay pending; the sentence names the status, and a setting or a part of the way."""
    failure = failure_of(status, 7.0)
    assert type(failure) is DestinationDenied
    assert str(failure).startswith(f"status {status}: ")
    assert any(word in str(failure) for word in SETTINGS)
    assert (failure.retry_after_secs, failure.throttled, failure.unanswered) == (7.0, False, False)


SETTINGS = ("url", "secret", "model_id", "proxy", "gateway", "compression", "bill", "platform", "organization_id")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "put a valid one into the destination's secret"),
        (402, "pay its bill"),
        (403, "give it the permission"),
        (404, "correct the route's model_id or the destination's url"),
        (405, "correct the destination's url"),
        (407, "let it admit the function without them"),
        (415, 'set the destination\'s compression = "none"'),
        (431, "look at the token and at organization_id"),
        (497, "write https:// in the destination's url"),
        (300, "correct the destination's url"),
        (399, "correct the destination's url"),
        (418, "look at the destination's url, its proxy and the gateway"),
        (463, "look at the destination's url, its proxy and the gateway"),
        (400, "look at the destination's url, its proxy and the gateway"),
    ],
)
def test_the_remedy_is_that_of_the_status(status: int, remedy: str) -> None:
    """A status that no list names is read as its class. 400 is about rows only where a contract says so."""
    assert remedy in str(failure_of(status))


@pytest.mark.parametrize(
    ("values", "secs"),
    [
        ((), None),
        (("",), None),
        (("0",), 0.0),
        (("120",), 120.0),
        ((" 7 ",), 7.0),
        (("\t7",), 7.0),
        (("-1",), None),
        (("+1",), None),
        (("1.5",), 2.0),
        (("600.5",), 601.0),
        (("1.",), 1.0),
        ((".2",), 1.0),
        (("1e3",), None),
        (("inf",), None),
        (("nan",), None),
        (("²",), None),
        (("soon",), None),
        (("86400000",), 86_400_000.0),
        (("9" * 5000,), 1e9),
        (("9" * 5000 + ".9",), 1e9),
        (("5", "10"), 10.0),
        (("10", "5"), 10.0),
        (("5, 10",), 10.0),
        (("soon", "5"), 5.0),
        (("5, soon",), 5.0),
        (("5", "Thu, 15 Jan 2026 10:00:30 GMT"), 30.0),
        (("Thu, 15 Jan 2026 10:00:30 GMT",), 30.0),
        (("Thu, 15 Jan 2026 12:00:30 +0200",), 30.0),
        (("Thu, 15 Jan 2026 10:00:30 -0000",), 30.0),
        (("Thu, 15 Jan 2026 09:00:00 GMT",), 0.0),
        (("Thu, 31 Dec 9999 23:59:59 GMT",), (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW).total_seconds()),
        (("Thu, 99 Jan 2026 09:00:00 GMT",), None),
        (("Thu, 15 Jan 99999 09:00:00 GMT",), None),
        (("Thu, 15 Jan 2026 09:00:00 +9999",), None),
    ],
)
def test_retry_after_is_seconds_or_a_date(values: tuple[str, ...], secs: float | None) -> None:
    """The longest readable wait counts. A date in the past asks for no wait."""
    assert retry_after(values, NOW) == secs


def test_parts_of_a_second_of_a_date_are_rounded_up() -> None:
    """A request that is sent too early is refused again."""
    assert retry_after(("Thu, 15 Jan 2026 10:00:30 GMT",), NOW.replace(microsecond=1)) == 30.0
    assert retry_after(("Thu, 15 Jan 2026 10:00:30 GMT",), NOW.replace(second=1, microsecond=1)) == 29.0
