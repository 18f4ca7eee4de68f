"""CloudTrail events as EventBridge delivers them: the page's own sample, and the eight of the hand-written rows."""

import json
from pathlib import Path
from typing import Any

from msgspec import convert

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.settings import Settings

SAMPLES = Path(__file__).with_name("samples")
ACCOUNT = "956882708938"


def sample(name: str) -> dict[str, Any]:
    """Return a sample of the page: `list-tags`, or a log line of `endpoint`, `processing`, `training`, `transform`."""
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def api_call(name: str, *, time: str = "09:40:00", **changes: Any) -> dict[str, Any]:
    """Return the CloudTrail event of a call by ana that succeeded; `changes` replace its fields."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/scientists/ana"},
        "eventTime": f"2026-01-02T{time}Z",
        "eventSource": "sagemaker.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "45.129.199.204",
        "requestParameters": {"endpointName": "churn"},
        "readOnly": name.startswith(("Get", "List", "Describe")),
        "eventID": "78478c6d-6742-4c0c-a3c7-d7a14d19402e",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    } | changes


def denied(name: str, **changes: Any) -> dict[str, Any]:
    """Return the event of a call by bob, an IAM user, that was refused."""
    refused = {
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/interns/bob"},
        "errorCode": "AccessDeniedException",
        "errorMessage": "User is not authorized to perform: sagemaker:DeleteEndpoint",
    }
    return api_call(name, time="10:05:00", **(refused | changes))


def delivered(event: dict[str, Any], source: str = "aws.sagemaker") -> dict[str, Any]:
    """Return the event as a rule of EventBridge gets it."""
    return {
        "version": "0",
        "id": event["eventID"],
        "detail-type": "AWS API Call via CloudTrail",
        "source": source,
        "account": event["recipientAccountId"],
        "time": event["eventTime"],
        "region": event["awsRegion"],
        "resources": [],
        "detail": event,
    }


# The page's own event, three calls that make endpoints, two refused ones, one that reads, one recorded invocation.
EVENTS = [
    sample("list-tags"),
    *(api_call("CreateEndpoint") for _ in range(3)),
    *(denied("DeleteEndpoint") for _ in range(2)),
    api_call("DescribeEndpoint", time="10:10:00"),
    api_call("InvokeEndpoint", time="10:20:00", sourceIPAddress="config.amazonaws.com"),
]


def settings(**options: Any) -> Settings:
    """Return settings with `[observability]` of these options."""
    return Settings(destination=(), route=(), observability=convert(options, ObservabilitySettings))
