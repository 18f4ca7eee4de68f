"""The watch over all logs of the suite sees what it is there for."""

import logging

import pytest

from tests.support.sentinels import PAYLOAD, TOKEN, Sentry


@pytest.mark.parametrize(
    ("message", "extra"),
    [(PAYLOAD, {}), ("fine", {"report": {"why": f"not a number: {PAYLOAD}"}}), ("fine", {"token": f"Bearer {TOKEN}"})],
)
def test_a_sentinel_is_found_wherever_it_stands(message: str, extra: dict[str, object]) -> None:
    """In the message as in what structured loggers add."""
    sentry = Sentry()
    sentry.handle(logging.makeLogRecord({"msg": message} | extra))
    assert len(sentry.found) == 1


def test_a_sentinel_in_a_traceback_is_found() -> None:
    """An exception's message may hold what it could not read."""
    sentry = Sentry()
    try:
        raise ValueError(PAYLOAD)
    except ValueError as error:
        sentry.handle(logging.makeLogRecord({"msg": "failed", "exc_info": (ValueError, error, error.__traceback__)}))
    assert len(sentry.found) == 1


def test_anything_else_is_not() -> None:
    """Otherwise every test would fail."""
    sentry = Sentry()
    sentry.handle(logging.makeLogRecord({"msg": "object forwarded", "report": {"why": None}}))
    assert sentry.found == []
