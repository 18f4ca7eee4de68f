"""The check of all logs finds the words that must not be there."""

import logging

import pytest

from tests.support.sentinels import PAYLOAD, TOKEN, Sentry


@pytest.mark.parametrize(
    ("message", "extra"),
    [(PAYLOAD, {}), ("fine", {"report": {"why": f"not a number: {PAYLOAD}"}}), ("fine", {"token": f"Bearer {TOKEN}"})],
)
def test_a_sentinel_is_found_in_every_part_of_a_record(message: str, extra: dict[str, object]) -> None:
    """In the message, and in the fields that structured loggers add."""
    sentry = Sentry()
    sentry.handle(logging.makeLogRecord({"msg": message} | extra))
    assert len(sentry.found) == 1


def test_a_sentinel_in_a_traceback_is_found() -> None:
    """The message of an exception may quote its input."""
    sentry = Sentry()
    try:
        raise ValueError(PAYLOAD)
    except ValueError as error:
        sentry.handle(logging.makeLogRecord({"msg": "failed", "exc_info": (ValueError, error, error.__traceback__)}))
    assert len(sentry.found) == 1


def test_other_records_are_not_reported() -> None:
    """A check that reports everything would be useless."""
    sentry = Sentry()
    sentry.handle(logging.makeLogRecord({"msg": "object forwarded", "report": {"why": None}}))
    assert sentry.found == []
