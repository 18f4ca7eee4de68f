"""Opens every envelope of an event about S3 objects. Each record of a message is judged alone.

Keys are URL-encoded in S3 notifications only:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from capture_forwarder.aws.event_types import (
    CLOUDTRAIL_CALL,
    FAILED_CALL,
    TEST_EVENT,
    is_new_detail,
    is_new_object,
    is_writing_call,
    loggable,
    why_detail_is_ignored,
    why_notification_is_ignored,
)
from capture_forwarder.aws.object_names import problem_of
from capture_forwarder.domain.capture import CaptureObject, Work

_LOGGED_REFUSALS = 3
_MAX_SIZE_BYTES = 2**63 - 1

_EXPECTED = (
    "the message is not an S3 notification, an SNS or EventBridge envelope of one, a backfill message or an item "
    "with bucket and key; send one of those, or stop the sender of other messages"
)


class EventError(Exception):
    """Part of an event was refused; the text names the correct form, and never quotes the event."""


class Opened(Struct, frozen=True):
    """The objects that one message names.

    `works` are its objects. `ignored` has a word for each record that asks for no work, such as a deletion. `refusals`
    has a sentence for each record that cannot be forwarded; it never quotes the message.
    """

    works: tuple[Work, ...] = ()
    ignored: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def open_message(body: str) -> Opened:
    """Return the objects that the body of one queue message names.

    An envelope inside an envelope is text inside text: each level doubles the escapes, so the depth is small.
    """
    try:
        # Python reads `NaN` and `Infinity`, which JSON does not have. As null they spoil one record and not the others.
        document = json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return _refused("the message is not JSON; an S3, SNS or EventBridge event is expected")
    return open_event(document)


def open_event(event: Any) -> Opened:
    """Return the objects that one event names, in any envelope."""
    match event:
        case {"Records": [_, *_] as records}:
            return _open_each(records, _open_record, "record")
        case {"backfill": [_, *_] as objects}:
            return _open_each(objects, _open_backfilled, "object")
        case _:
            return _open_alone(event, _open_envelope)


def summary(refusals: Iterable[str]) -> str:
    """Return one sentence for the log; it has a bound, because a message may have 10,000 records."""
    found = list(refusals)
    more = len(found) - _LOGGED_REFUSALS
    return "; ".join(found[:_LOGGED_REFUSALS]) + (f"; and {more} more" if more > 0 else "")


def _open_each(items: list[Any], opener: Callable[[Any], Opened], noun: str) -> Opened:
    """Open the parts of a message one by one; a refusal names the number of its part."""
    opened = [_open_alone(item, opener) for item in items]
    return Opened(
        works=tuple(work for one in opened for work in one.works),
        ignored=tuple(word for one in opened for word in one.ignored),
        refusals=tuple(
            f"{noun} {number} of {len(items)}: {why}" for number, one in enumerate(opened, 1) for why in one.refusals
        ),
    )


def _open_alone(item: Any, opener: Callable[[Any], Opened]) -> Opened:
    try:
        opened = opener(item)
    except msgspec.ValidationError as error:
        return _refused(f"the event is incomplete: {error}")
    except UnicodeDecodeError:
        return _refused("a key in the event is not URL-encoded UTF-8, as S3 writes it")
    problems = [problem for work in opened.works if (problem := problem_of(work))]
    return _refused(*problems) if problems else opened


def _open_envelope(event: Any) -> Opened:
    match event:
        case {"Event": "s3:TestEvent"}:
            return Opened(ignored=(TEST_EVENT,))
        case {"Type": "Notification", "Message": str(message)}:
            return open_message(message)
        case {"Type": "SubscriptionConfirmation" | "UnsubscribeConfirmation"}:
            return _refused(
                "SNS asks about a subscription of the queue; if the topic is yours, open the address in the message, "
                "else remove the topic's permission to send"
            )
        case {"source": "aws.s3", "detail-type": str(detail_type), "detail": detail}:
            return _open_eventbridge(detail_type, detail)
        case _:
            return _open_item(event)


def _open_item(event: Any) -> Opened:
    """Open an item of our own: an object, or a work that was requeued."""
    match event:
        case {"bucket": _, "key": _}:
            return Opened((Work(_object(event)),))
        case {"source": {"bucket": _, "key": _} as source}:
            return Opened((msgspec.convert(event | {"source": _with_size(source)}, Work),))
        case _:
            return _refused(_EXPECTED)


def _open_record(record: Any) -> Opened:
    match record:
        case {"Sns": {"Message": str(message)}}:
            return open_message(message)
        case {"eventSource": "aws:sqs", "body": str(body)}:
            return open_message(body)
        case {"eventName": str(name)} if word := why_notification_is_ignored(name):
            return Opened(ignored=(word,))
        case {"eventName": str(name)} if not is_new_object(name):
            return _refused(_unknown("S3 notification", name, "ObjectCreated:* and ObjectRestore:Completed"))
        case {"eventName": str(), "s3": {"bucket": {"name": bucket}, "object": {"key": str(key)} as found}}:
            names = {"version_id": found.get("versionId"), "etag": found.get("eTag"), "size": found.get("size")}
            return Opened((Work(_object({"bucket": bucket, "key": unquote_plus(key, errors="strict")} | names)),))
        case _:
            return _refused("the record is not an S3 notification with eventName, bucket and key; stop its sender")


def _open_backfilled(item: Any) -> Opened:
    """Open one object of a message of `capture-forwarder backfill`: the key as it is, and the bare etag."""
    return Opened((Work(_object(item), backfill=True),))


def _open_eventbridge(detail_type: str, detail: Any) -> Opened:
    if detail_type == CLOUDTRAIL_CALL:
        return _open_call(detail)
    if word := why_detail_is_ignored(detail_type):
        return Opened(ignored=(word,))
    if not is_new_detail(detail_type):
        return _refused(_unknown("EventBridge event", detail_type, "Object Created and Object Restore Completed"))
    match detail:
        case {"bucket": {"name": bucket}, "object": {"key": key} as found}:
            names = {"version_id": found.get("version-id"), "etag": found.get("etag"), "size": found.get("size")}
            return Opened((Work(_object({"bucket": bucket, "key": key} | names)),))
        case _:
            return _refused("the EventBridge event has no bucket and key; do not transform the rule's input")


def _open_call(detail: Any) -> Opened:
    """Open a data event of CloudTrail. It has no etag, so without a version the object has no progress.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
    """
    match detail:
        case {"eventName": str(name)} if not is_writing_call(name):
            return _refused(_unknown("CloudTrail event", name, "PutObject, CopyObject and CompleteMultipartUpload"))
        case {"errorCode": str()}:
            return Opened(ignored=(FAILED_CALL,))
        case {"eventName": str(), "requestParameters": {"bucketName": bucket, "key": key}}:
            version = {"version_id": _version(detail.get("responseElements"))}
            return Opened((Work(_object({"bucket": bucket, "key": key} | version)),))
        case _:
            return _refused("the CloudTrail event has no eventName, bucketName and key; do not transform its input")


def _version(response: Any) -> Any:
    return response.get("x-amz-version-id") if isinstance(response, dict) else None


def _object(found: Any) -> CaptureObject:
    """Return the object that `found` describes. Raises `msgspec.ValidationError`."""
    return msgspec.convert(_with_size(found) if isinstance(found, dict) else found, CaptureObject)


def _with_size(found: dict[str, Any]) -> dict[str, Any]:
    """Return `found` without a size that is none: the size is a hint, so a wrong one is no reason to refuse."""
    size = found.get("size")
    is_size = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _MAX_SIZE_BYTES
    return found if is_size else found | {"size": None}


def _refused(*sentences: str) -> Opened:
    return Opened(refusals=sentences)


def _unknown(kind: str, event_type: str, forwarded: str) -> str:
    return f"the type of the {kind}, {loggable(event_type)}, is neither forwarded nor ignored; send only {forwarded}"
