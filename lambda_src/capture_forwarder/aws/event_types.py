"""The types of events that mean a new object, and those that are ignored. Every other type is refused.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

import re
from typing import Any

TEST_EVENT = "test event"
FAILED_CALL = "call that failed"

# Types of S3 notifications by the words before the colon, or whole; each with the word for it in the log.
_IGNORED_NOTIFICATIONS = {
    "ObjectRemoved": "deleted",
    "LifecycleExpiration": "expired",
    "ObjectTagging": "tags changed",
    "ObjectAcl": "access list changed",
    "LifecycleTransition": "storage class changed",
    "IntelligentTiering": "storage class changed",
    "Replication": "replicated",
    "ReducedRedundancyLostObject": "lost by S3",
    "ObjectRestore:Post": "restore requested",
    "ObjectRestore:Delete": "restored copy expired",
}

_IGNORED_DETAIL_TYPES = {
    "Object Deleted": "deleted",
    "Object Tags Added": "tags changed",
    "Object Tags Deleted": "tags changed",
    "Object ACL Updated": "access list changed",
    "Object Storage Class Changed": "storage class changed",
    "Object Access Tier Changed": "storage class changed",
    "Object Restore Initiated": "restore requested",
    "Object Restore Expired": "restored copy expired",
}

CLOUDTRAIL_CALL = "AWS API Call via CloudTrail"
_DETAIL_TYPES = frozenset({"Object Created", "Object Restore Completed"})
_WRITING_CALLS = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload", "PostObject", "POST Object"})

_LOGGABLE = re.compile(r"[A-Za-z][A-Za-z:* ]{0,63}")


def is_new_object(event_name: str) -> bool:
    """Tell whether a type of S3 notification means that an object can be read from now on."""
    name = event_name.removeprefix("s3:")
    return name.startswith("ObjectCreated:") or name == "ObjectRestore:Completed"


def why_notification_is_ignored(event_name: str) -> str | None:
    """Return the word for a type of S3 notification that is ignored, or `None` if it is not."""
    name = event_name.removeprefix("s3:")
    return _IGNORED_NOTIFICATIONS.get(name) or _IGNORED_NOTIFICATIONS.get(name.partition(":")[0])


def is_new_detail(detail_type: str) -> bool:
    """Tell whether a type of EventBridge event means that an object can be read from now on."""
    return detail_type in _DETAIL_TYPES


def why_detail_is_ignored(detail_type: str) -> str | None:
    """Return the word for a type of EventBridge event that is ignored, or `None` if it is not."""
    return _IGNORED_DETAIL_TYPES.get(detail_type)


def is_writing_call(call: str) -> bool:
    """Tell whether a call in CloudTrail writes a whole object."""
    return call in _WRITING_CALLS


def loggable(event_type: Any) -> str:
    """Return the name of a type for a log; anything but words may be data of the sender, so it is not quoted."""
    is_words = isinstance(event_type, str) and _LOGGABLE.fullmatch(event_type)
    return f'"{event_type}"' if is_words else "of an unknown name"
