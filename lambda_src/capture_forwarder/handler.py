"""The callable that Lambda invokes: any event in, a partial-batch response or an error out."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from capture_forwarder.aws.envelopes import EventError, Opened, open_event, open_message, summary
from capture_forwarder.bootstrap import Runtime
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_forwarder.domain.notices import MessageRejected, RecordsIgnored, RunBegan, RunEnded


class Context(Protocol):
    """The part of Lambda's context object that the handler uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the platform stops this invocation."""
        ...


Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


class ForwardingIncomplete(Exception):
    """Part of an event is still pending or was rejected without quarantine; the platform delivers the event again."""


def make_handler(runtime: Runtime) -> Handler:
    """Return the callable that forwards with `runtime`."""

    def lambda_handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
        """Forward the objects that `event` names.

        For messages of a queue, return the messages that failed, so that only these are delivered again:
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        For any other event, return an empty answer, or raise `ForwardingIncomplete` or `EventError`, so that the
        platform retries it. A record that is refused makes its message or event fail; the others are forwarded.
        """
        try:
            if _from_queue(event):
                return _forward_messages(event, context, runtime)
            return _forward_event(event, context, runtime)
        finally:
            runtime.observer.notice(RunEnded())

    return lambda_handler


def _from_queue(event: dict[str, Any]) -> bool:
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return True
        case _:
            return False


def _forward_event(event: dict[str, Any], context: Context, runtime: Runtime) -> dict[str, Any]:
    opened = open_event(event)
    runtime.observer.notice(RunBegan(_request_id(context)))
    (reports,) = _forward([opened], context, runtime)
    if refusals := _refusals(opened, reports):
        raise EventError(summary(refusals))
    _check_complete(reports)
    return {}


def _forward_messages(event: dict[str, Any], context: Context, runtime: Runtime) -> dict[str, Any]:
    messages = {message["messageId"]: open_message(message["body"]) for message in event["Records"]}
    sources = {message_id: [work.source for work in opened.works] for message_id, opened in messages.items()}
    runtime.observer.notice(RunBegan(_request_id(context), sources))
    forwarded = _forward(list(messages.values()), context, runtime)
    failed = []
    for (message_id, opened), reports in zip(messages.items(), forwarded, strict=True):
        refusals = _refusals(opened, reports)
        if refusals:
            runtime.observer.notice(MessageRejected(message_id, summary(refusals)))
        if refusals or not all(report.complete for report in reports):
            failed.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failed}


def _request_id(context: Context) -> str:
    """Return the id of this invocation in Lambda's own log lines; emulators may have none."""
    return str(getattr(context, "aws_request_id", ""))


def _forward(messages: list[Opened], context: Context, runtime: Runtime) -> list[list[ForwardReport]]:
    """Forward the objects of all messages in one run, so that they share requests; return the reports by message."""
    if ignored := Counter(word for opened in messages for word in opened.ignored):
        runtime.observer.notice(RecordsIgnored(dict(ignored)))
    works = [work for opened in messages for work in opened.works]
    reports = iter(runtime.forward(works, context.get_remaining_time_in_millis))
    return [[next(reports) for _ in opened.works] for opened in messages]


def _refusals(opened: Opened, reports: list[ForwardReport]) -> list[str]:
    """Return why parts of a message are refused: records that name no object, and buckets without a route."""
    refused = [_named(report) for report in reports if report.state is ObjectState.REFUSED]
    return [*opened.refusals, *refused]


def _check_complete(reports: list[ForwardReport]) -> None:
    incomplete = [_named(report) for report in reports if not report.complete]
    if incomplete:
        raise ForwardingIncomplete(summary(incomplete))


def _named(report: ForwardReport) -> str:
    """Return the address of the object and why it is not complete. Some reasons begin with the address."""
    why = report.why or "rejections"
    return why if why.startswith(report.source.uri) else f"{report.source.uri}: {why}"
