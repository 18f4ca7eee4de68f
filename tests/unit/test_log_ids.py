"""Every line of the log has the id of the invocation, and the ids of the messages that it is about."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from logging import StreamHandler
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import (
    BatchSent,
    MessageRejected,
    Notice,
    ObjectForwarded,
    ProgressDamaged,
    RecordsIgnored,
    RunBegan,
    RunEnded,
)
from capture_forwarder.telemetry.observer import Telemetry

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)

# The message "shared" names the object of "m0" too. Fifteen messages are more than a line lists.
MESSAGES = {f"m{number}": [CaptureObject("captures", f"{number}.jsonl")] for number in range(14)} | {
    "shared": [CaptureObject("captures", "0.jsonl"), CaptureObject("captures", "other.jsonl")]
}
OF_RUN = [f"m{number}" for number in range(10)]


Logged = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Logged]:
    """Return a function that gives `Telemetry` some notices, and returns the lines that the log of Lambda would have."""
    handler = Logger(service="capture-forwarder").registered_handler  # all loggers of a name share it
    assert isinstance(handler, StreamHandler)
    stream = handler.stream

    def lines_of(*events: Notice) -> list[dict[str, Any]]:
        telemetry, log = Telemetry(lambda: NOW, "forwarder"), StringIO()
        handler.stream = log  # `setStream` would flush the stream of an earlier test, which is closed
        for event in events:
            telemetry.notice(event)
        return [json.loads(line) for line in (log.getvalue() + capsys.readouterr().out).splitlines()]

    yield lines_of
    handler.stream = stream


def forwarded(key: str, **fields: Any) -> ObjectForwarded:
    """Return the notice of one object."""
    return ObjectForwarded(ForwardReport(source=CaptureObject("captures", key), state=ObjectState.DONE, **fields))


@pytest.mark.parametrize(
    ("event", "message_ids"),
    [
        (forwarded("3.jsonl"), ["m3"]),
        (forwarded("0.jsonl"), ["m0", "shared"]),
        (forwarded("no-message-names-it.jsonl"), []),
        (MessageRejected("m12", "record 1 of 1: it is foreign"), ["m12"]),
        (ProgressDamaged(CaptureObject("captures", "other.jsonl")), ["shared"]),
        (RecordsIgnored({"deleted": 1}), OF_RUN),
        (BatchSent(destination="a", inferences=1, latency_secs=0.1, error="status 500"), OF_RUN),
        (BatchSent(destination="a", inferences=1, latency_secs=0.1, error="status 401", denied=True), OF_RUN),
        (ObjectForwarded(ForwardReport(source=CaptureObject("x", "y"), state=ObjectState.REFUSED)), OF_RUN),
    ],
)
def test_every_line_has_the_ids_of_its_request_and_messages(
    logged: Logged, event: Notice, message_ids: list[str]
) -> None:
    """A line about an object has the messages that name it, any other line the first ten of the run."""
    lines = logged(RunBegan("r1", MESSAGES), event, RunEnded())
    assert {line["function_request_id"] for line in lines} == {"r1"}
    first, *rest = (line for line in lines if "_aws" not in line)
    assert (first["message"], first["message_ids"]) == ("messages received", list(MESSAGES))
    assert [line["message_ids"] for line in rest] == [message_ids]
    assert all(line["message_ids"] == OF_RUN for line in lines if "_aws" in line)


def test_lines_of_ten_thousand_messages_stay_small(logged: Logged) -> None:
    """CloudWatch Logs refuses an event of more than 256 kB. All ids are logged before the first object."""
    source = CaptureObject("captures", "a.jsonl")
    messages = {f"{number:036d}": [source] for number in range(10_000)}
    lines = logged(RunBegan("r1", messages), forwarded("a.jsonl"), RunEnded())
    received = [line for line in lines if line.get("message") == "messages received"]
    assert [one for line in received for one in line["message_ids"]] == list(messages)
    assert max(len(json.dumps(line)) for line in lines) < 100_000
    (object_line,) = (line for line in lines if line.get("message") == "object forwarded")
    assert object_line["message_ids"] == list(messages)[:10]


def test_a_direct_event_has_no_messages(logged: Logged) -> None:
    """Its lines have the request id."""
    (line, *_) = logged(RunBegan("r1"), forwarded("a.jsonl"), RunEnded())
    assert (line["message"], line["function_request_id"], line["message_ids"]) == ("object forwarded", "r1", [])


def test_the_ids_of_a_run_are_not_in_the_lines_of_the_next_one(logged: Logged) -> None:
    """Lambda keeps the process for later invocations."""
    direct = [RunBegan("r2"), RecordsIgnored({"deleted": 1}), RunEnded()]
    lines = logged(RunBegan("r1", MESSAGES), RunEnded(), *direct, RecordsIgnored({"deleted": 2}))
    second, outside = [line for line in lines if "_aws" not in line][-2:]
    assert (second["function_request_id"], second["message_ids"]) == ("r2", [])
    assert not {"function_request_id", "message_ids"} & set(outside)
