"""Checks the names in an event: a name that S3 or DynamoDB would refuse must not reach them.

A service that refuses a name looks unavailable, so the object would be requeued for ever.
"""

import math
import re

from capture_forwarder.domain.capture import Work

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_KEY_BYTES = 1024
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MAX_STATE_BYTES = 2048
_MAX_OFFSET = 2**63 - 1
# As botocore checks names: buckets in us-east-1 may be older than the rules of today.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
# An etag is sent as a header and a version in a query: printable ASCII, and no spaces, which a signature collapses.
_HEADER_TEXT = re.compile(r"[!-~]{0,1024}")


def problem_of(work: Work) -> str | None:
    """Return the sentence that says why S3 cannot have the object of `work`, or `None`."""
    source, offset = work.source, work.read_offset
    if not is_bucket_name(source.bucket):
        return "the bucket in the event is not the name of a bucket: letters, digits, dots, hyphens and underscores"
    if problem := key_problem(source.key):
        return problem
    for name, value in (("etag", source.etag), ("version id", source.version_id)):
        if value and not _HEADER_TEXT.fullmatch(value):
            return f"the {name} in the event is not printable ASCII of at most 1024 characters; every {name} of S3 is"
    if source.state_id and len(source.state_id.encode()) > _MAX_STATE_BYTES:
        return f"bucket, key and version in the event have more than {_MAX_STATE_BYTES} bytes together"
    if max(offset.offset, offset.lines) > _MAX_OFFSET or not math.isfinite(work.pending_since_secs):
        return "the read offset or the age in the message is larger than any object or time"
    return None


def is_bucket_name(name: str) -> bool:
    """Return whether a bucket may have this name."""
    return _BUCKET.fullmatch(name) is not None


def key_problem(key: str) -> str | None:
    """Return the sentence that says why no object can have this key, or `None`."""
    if not key:
        return "the key in the event is empty; every key of S3 has a character"
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError:
        return "a key in the event is not valid text; every key of S3 is"
    if size_bytes > _MAX_KEY_BYTES:
        return f"a key in the event has more than {_MAX_KEY_BYTES} bytes; S3 has no such key"
    return None
