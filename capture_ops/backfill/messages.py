"""The messages of a backfill: each names up to 50 objects. `aws/envelopes.py` opens them."""

import json
from collections.abc import Iterable, Iterator

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject

MAX_OBJECTS = 50
# Ten messages stay below 256 KiB, the limit of a call that holds in every region and emulator (elsewhere it is 1 MiB):
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_BYTES = 26_000
_HEAD, _TAIL = '{"backfill":[', "]}"


class Message(Struct, frozen=True, gc=False):
    """The body of a message in ASCII, and the number of objects that it names."""

    body: str
    objects: int


def pack(sources: Iterable[CaptureObject]) -> Iterator[Message]:
    """Yield messages that name all `sources`, in their order."""
    items: list[str] = []
    size = 0
    for source in sources:
        item = _item(source)
        if len(items) == MAX_OBJECTS or size + len(item) > MAX_BYTES:
            yield _message(items)
            items, size = [], 0
        items.append(item)
        size += len(item) + 1
    if items:
        yield _message(items)


def _message(items: list[str]) -> Message:
    return Message(_HEAD + ",".join(items) + _TAIL, len(items))


def _item(source: CaptureObject) -> str:
    # SQS refuses some characters that keys may hold; JSON that is ASCII holds none of them.
    named = {"bucket": source.bucket, "key": source.key, "etag": source.etag, "size": source.size}
    return json.dumps(named, separators=(",", ":"))
