"""The Lambda's entry: any event in, a partial-batch response or an error out."""

from typing import Any, Protocol

from capture_forwarder.aws.envelopes import EventError, Opened, open_event, open_message
from capture_forwarder.bootstrap import Runtime, runtime
from capture_forwarder.domain.conservation import ForwardReport
from capture_forwarder.domain.notices import MessageRejected, RecordsIgnored, RunEnded


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the platform lets this invocation go on."""
        ...


class ForwardingIncomplete(Exception):
    """Some of what a message asked for is owed or refused; the platform delivers the message again."""


def lambda_handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Forward what `event` asks for.

    For a queue's messages the answer names those that failed, and no neighbour of theirs:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    For any other event `ForwardingIncomplete` or `EventError` is raised so that the platform retries; else the answer
    is empty.
    """
    forwarding = runtime()
    try:
        if _from_queue(event):
            return _forward_messages(event, context, forwarding)
        opened = open_event(event)
        (reports,) = _forward([opened], context, forwarding)
        _check(reports)
        return {}
    finally:
        forwarding.notice(RunEnded())


def _from_queue(event: dict[str, Any]) -> bool:
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return True
    return False


def _forward_messages(event: dict[str, Any], context: Context, forwarding: Runtime) -> dict[str, Any]:
    opened = {message["messageId"]: _open(message, forwarding) for message in event["Records"]}
    good = {message_id: found for message_id, found in opened.items() if isinstance(found, Opened)}
    reports = dict(zip(good, _forward(list(good.values()), context, forwarding), strict=True))
    settled = {message_id for message_id, found in reports.items() if all(report.settled for report in found)}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in opened if message_id not in settled]}


def _open(message: dict[str, Any], forwarding: Runtime) -> Opened | EventError:
    try:
        return open_message(message["body"])
    except EventError as error:
        forwarding.notice(MessageRejected(message["messageId"], str(error)))
        return error


def _forward(opened: list[Opened], context: Context, forwarding: Runtime) -> list[list[ForwardReport]]:
    """Forward the objects of all messages in one run, so that they share requests; reports come back a message."""
    if ignored := sum(found.ignored for found in opened):
        forwarding.notice(RecordsIgnored(ignored))
    works = [work for found in opened for work in found.works]
    reports = iter(forwarding.forward(works, lambda: context.get_remaining_time_in_millis() / 1000))
    return [[next(reports) for _ in found.works] for found in opened]


def _check(reports: list[ForwardReport]) -> None:
    unsettled = [report for report in reports if not report.settled]
    if unsettled:
        raise ForwardingIncomplete(
            "; ".join(f"{report.source.uri}: {report.why or 'rejections'}" for report in unsettled)
        )
