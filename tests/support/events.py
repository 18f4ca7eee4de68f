"""Events about one object, in the forms of S3, EventBridge and CloudTrail."""

from typing import Any

# Text of a sender, which no sentence may repeat.
SENTINEL = "sEnTiNeL-51"


def notification(key: str, name: str = "ObjectCreated:Put", **more: Any) -> dict[str, Any]:
    """Return one S3 notification of one record."""
    record = {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": key} | more}}
    return {"Records": [record]}


def bridged(detail_type: str, **found: Any) -> dict[str, Any]:
    """Return one event of EventBridge about the object `k`."""
    detail = {"bucket": {"name": "b"}, "object": {"key": "k"} | found}
    return {"source": "aws.s3", "detail-type": detail_type, "detail": detail}


def cloudtrail(call: str, **more: Any) -> dict[str, Any]:
    """Return one data event of CloudTrail about the object `k`, in the envelope of EventBridge."""
    detail = {"eventName": call, "requestParameters": {"bucketName": "b", "key": "k"}} | more
    return {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}
