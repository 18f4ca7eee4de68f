"""Opens every envelope of an object-created event.

Keys are URL-encoded in S3 notifications only:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.capture import CaptureObject, Work

_CREATED = "ObjectCreated:"
_MAX_KEY_BYTES = 1024


class EventError(Exception):
    """A message that names no capture object; the text says what to send instead, and never quotes the message."""


class Opened(Struct, frozen=True):
    """The works that one message asks for; `ignored` counts test events and deletions."""

    works: tuple[Work, ...] = ()
    ignored: int = 0


class _Bucket(Struct):
    name: str


class _NotifiedObject(Struct):
    key: str
    size: int | None = None
    eTag: str | None = None  # noqa: N815 - the name on the wire
    versionId: str | None = None  # noqa: N815 - the name on the wire


class _NotifiedPlace(Struct):
    bucket: _Bucket
    object: _NotifiedObject


class _NotificationRecord(Struct):
    eventName: str  # noqa: N815 - the name on the wire
    s3: _NotifiedPlace


class _EventBridgeObject(Struct, rename="kebab"):
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None


class _EventBridgeDetail(Struct):
    bucket: _Bucket
    object: _EventBridgeObject


class BackfillMessage(Struct):
    """A message of `capture-forwarder backfill`: up to 50 objects, with their keys as they are and bare etags."""

    backfill: Annotated[list[CaptureObject], Meta(min_length=1)]


def open_message(body: str) -> Opened:
    """Return the works that the body of one queue message asks for. Raises `EventError`."""
    try:
        document = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EventError("the message is not JSON; an S3, SNS or EventBridge event is expected") from None
    return open_event(document)


def open_event(event: Any) -> Opened:
    """Return the works that one event asks for, in any envelope. Raises `EventError`."""
    try:
        opened = _open_envelope(event) or _open_item(event)
    except msgspec.ValidationError as error:
        raise EventError(f"the event is incomplete: {error}") from None
    except UnicodeDecodeError:
        raise EventError("a key in the event is not URL-encoded UTF-8, as S3 writes it") from None
    if opened:
        _check_keys(opened)
        return opened
    raise EventError(
        "the message is not an S3 notification, an SNS or EventBridge envelope of one, a backfill message or an item "
        "with bucket and key; send one of those, or stop the sender of other messages"
    )


def _refuse(constant: str) -> None:
    """Refuse `NaN` and `Infinity`, which Python reads and JSON does not have."""
    raise ValueError(constant)


def _check_keys(opened: Opened) -> None:
    """Refuse keys that S3 cannot have: DynamoDB would refuse the progress of all objects of the run for one of them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    for work in opened.works:
        try:
            key = work.source.key.encode()
        except UnicodeEncodeError:
            raise EventError("a key in the event is not valid text; every key of S3 is") from None
        if len(key) > _MAX_KEY_BYTES:
            raise EventError(f"a key in the event has more than {_MAX_KEY_BYTES} bytes; S3 has no such key")


def _open_envelope(event: Any) -> Opened | None:
    match event:
        case {"Event": "s3:TestEvent"}:
            return Opened(ignored=1)
        case {"Records": [*records]}:
            return _together([_open_record(record) for record in records])
        case {"Type": "Notification", "Message": str(message)}:
            return open_message(message)
        case {"source": "aws.s3", "detail-type": detail_type, "detail": detail}:
            return _open_eventbridge(detail_type, detail)
        case _:
            return None


def _open_item(event: Any) -> Opened | None:
    match event:
        case {"bucket": _, "key": _}:
            return Opened((Work(msgspec.convert(event, CaptureObject)),))
        case {"source": {"bucket": _, "key": _}}:
            return Opened((msgspec.convert(event, Work),))
        case {"backfill": [*_]}:
            message = msgspec.convert(event, BackfillMessage)
            return Opened(tuple(Work(source, backfill=True) for source in message.backfill))
        case _:
            return None


def _open_record(record: Any) -> Opened:
    match record:
        case {"Sns": {"Message": str(message)}}:
            return open_message(message)
        case {"eventSource": "aws:sqs", "body": str(body)}:
            return open_message(body)
        case _:
            return _open_notification(msgspec.convert(record, _NotificationRecord))


def _open_notification(notified: _NotificationRecord) -> Opened:
    if not notified.eventName.removeprefix("s3:").startswith(_CREATED):
        return Opened(ignored=1)
    found = notified.s3.object
    key = unquote_plus(found.key, errors="strict")
    source = CaptureObject(notified.s3.bucket.name, key, found.versionId, found.eTag, found.size)
    return Opened((Work(source),))


def _open_eventbridge(detail_type: Any, detail: Any) -> Opened:
    if detail_type != "Object Created":
        return Opened(ignored=1)
    created = msgspec.convert(detail, _EventBridgeDetail)
    found = created.object
    source = CaptureObject(created.bucket.name, found.key, found.version_id, found.etag, found.size)
    return Opened((Work(source),))


def _together(opened: list[Opened]) -> Opened:
    works = tuple(work for one in opened for work in one.works)
    return Opened(works, sum(one.ignored for one in opened))
