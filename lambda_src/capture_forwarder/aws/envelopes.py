"""Every envelope in which an object-created event arrives, opened.

Keys are URL-encoded in S3 notifications and nowhere else:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Meta, Struct

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.window import Window

_CREATED = "ObjectCreated:"
_LAST_SECOND = 253_402_300_799  # of the year 9999


class EventError(Exception):
    """A message that names no capture object; the text says what it is and what would do, and never quotes it."""


class Opened(Struct, frozen=True):
    """What one message asks for; `ignored` counts records that ask for nothing: test events, deletions.

    Whoever asks with a `listing`, a batch of a backfill, wants the sums; there, ignored is what its window leaves out.
    """

    works: tuple[Work, ...] = ()
    ignored: int = 0
    listing: bool = False


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


class _ListedObject(Struct):
    """One item of a backfill, as Step Functions lists it; `LastModified` is in seconds since the epoch."""

    bucket: str
    Key: str
    Etag: str | None = None
    Size: int | None = None
    LastModified: Annotated[float, Meta(ge=0, le=_LAST_SECOND)] | None = None
    since: datetime | None = None
    until: datetime | None = None
    suffixes: tuple[str, ...] = ()


class _ListedBatch(Struct):
    """Several items; what they share may stand beside them."""

    Items: list[dict[str, Any]]
    BatchInput: dict[str, Any] = {}


def open_message(body: str) -> Opened:
    """Return what the body of one queue message asks for. Raises `EventError`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise EventError("the message is not JSON; an S3, SNS or EventBridge event is expected") from None
    return open_event(document)


def open_event(event: Any) -> Opened:
    """Return what one event asks for, in whichever envelope it comes. Raises `EventError`."""
    try:
        opened = _open_envelope(event) or _open_item(event)
    except msgspec.ValidationError as error:
        raise EventError(f"the event is incomplete: {error}") from None
    except UnicodeDecodeError:
        raise EventError("a key in the event is not URL-encoded UTF-8, as S3 writes it") from None
    if opened:
        return opened
    raise EventError(
        "the message is no S3 notification, SNS or EventBridge envelope of one, nor an item with bucket and key; "
        "send it one of those, or remove what else writes to the queue"
    )


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
    return None


def _open_item(event: Any) -> Opened | None:
    match event:
        case {"bucket": _, "key": _}:
            return Opened((Work(msgspec.convert(event, CaptureObject)),))
        case {"source": {"bucket": _, "key": _}}:
            return Opened((msgspec.convert(event, Work),))
        case {"bucket": _, "Key": _}:
            return _listing([event])
        case {"Items": _}:
            batch = msgspec.convert(event, _ListedBatch)
            return _listing([batch.BatchInput | item for item in batch.Items])
    return None


def _open_record(record: Any) -> Opened:
    match record:
        case {"Sns": {"Message": str(message)}}:
            return open_message(message)
        case {"eventSource": "aws:sqs", "body": str(body)}:
            return open_message(body)
    notified = msgspec.convert(record, _NotificationRecord)
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


def _listing(items: list[dict[str, Any]]) -> Opened:
    """Open what a Distributed Map hands over, a batch or one item: keys as they are, etags in quotes.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    listed = [msgspec.convert(item, _ListedObject) for item in items]
    meant = [one for one in listed if _is_meant(one)]
    sources = [CaptureObject(one.bucket, one.Key, etag=_bare(one.Etag), size=one.Size) for one in meant]
    return Opened(tuple(map(Work, sources)), len(listed) - len(meant), listing=True)


def _is_meant(listed: _ListedObject) -> bool:
    modified = datetime.fromtimestamp(listed.LastModified, UTC) if listed.LastModified is not None else None
    try:
        window = Window(since=listed.since, until=listed.until, suffixes=listed.suffixes)
    except ValueError as error:
        raise EventError(f"the batch's since and until: {error}") from None
    return window.holds(listed.Key, modified)


def _bare(etag: str | None) -> str | None:
    return etag.strip('"') if etag else None


def _together(opened: list[Opened]) -> Opened:
    works = tuple(work for one in opened for work in one.works)
    return Opened(works, sum(one.ignored for one in opened))
