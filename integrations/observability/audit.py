"""The audit log of SageMaker's API calls: its group, the patterns of its rules, and the metrics that are made of it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from capture_forwarder.configuration.observability import AlertName, ObservabilitySettings

AUDIT_NAMESPACE = "CaptureForwarder/Audit"
EVENT_SOURCE = "sagemaker.amazonaws.com"

# EventBridge gets calls that change something, and with the second state Get, List and Describe calls too:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
ENABLED = "ENABLED"
ENABLED_WITH_READ_ONLY_CALLS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

API_CALLS: Mapping[str, Any] = {
    "source": ["aws.sagemaker"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {"eventSource": [EVENT_SOURCE]},
}
DELETE_CALLS: Mapping[str, Any] = {
    **API_CALLS,
    "detail": {"eventSource": [EVENT_SOURCE], "eventName": [{"prefix": "Delete"}]},
}

# The fields of an audit event that queries filter by, without a scan of all events. At most 20:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html
INDEXED_FIELDS = (
    "detail.eventSource",
    "detail.eventName",
    "detail.errorCode",
    "detail.userIdentity.arn",
    "detail.requestParameters.endpointName",
)


# The notice of a delete call, sent at once: the alarm comes minutes later, and cannot say who called.
NOTICE_PATHS: Mapping[str, str] = {
    "operation": "$.detail.eventName",
    "endpoint": "$.detail.requestParameters.endpointName",
    "config": "$.detail.requestParameters.endpointConfigName",
    "model": "$.detail.requestParameters.modelName",
    "user": "$.detail.userIdentity.arn",
    "address": "$.detail.sourceIPAddress",
    "time": "$.detail.eventTime",
    "account": "$.detail.recipientAccountId",
    "region": "$.detail.awsRegion",
    "error": "$.detail.errorCode",
    "event": "$.detail.eventID",
}
# EventBridge leaves out a path that the event does not have.
NOTICE = (
    '"SageMaker: <operation> <endpoint><config><model> by <user> from <address> at <time> in <account>, <region>. '
    'Error: <error>. CloudTrail event <event>. See docs/runbook.md, DeleteCalls."'
)


class AuditMetric(Struct, frozen=True, kw_only=True):
    """One metric that a filter makes of the audit log: each event that matches `pattern` counts 1, each other one 0.

    It is in `AUDIT_NAMESPACE` and has no dimensions. `alert` is the alert that watches it.
    """

    id: str
    alert: AlertName
    name: str
    pattern: str


_OF_SAGEMAKER = f'($.detail.eventSource = "{EVENT_SOURCE}")'
AUDIT_METRICS = (
    AuditMetric(
        id="A1",
        alert=AlertName.DELETE_CALLS,
        name="DeleteCalls",
        pattern=f'{{ {_OF_SAGEMAKER} && ($.detail.eventName = "Delete*") }}',
    ),
    AuditMetric(
        id="A3",
        alert=AlertName.DENIED_CALLS,
        name="DeniedCalls",
        pattern=f'{{ {_OF_SAGEMAKER} && ($.detail.errorCode = "AccessDenied*") }}',
    ),
)


def audit_group(stack_name: str) -> str:
    """Return the log group of the audit log. EventBridge writes only to groups below `/aws/events/`."""
    return f"/aws/events/{stack_name}-audit"


def endpoint_group(endpoint: str) -> str:
    """Return the log group that SageMaker writes for an endpoint."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def rule_state(settings: ObservabilitySettings) -> str:
    """Return the state of the rule that fills the audit log."""
    return ENABLED_WITH_READ_ONLY_CALLS if settings.read_only_events else ENABLED
