"""The sources of the collector.

https://help.sumologic.com/docs/send-data/use-json-configure-sources/json-parameters-hosted-sources/
"""

from collections.abc import Iterator
from typing import Any

from capture_forwarder.configuration.sumo import CloudTrailSettings, SumoMode, SumoSettings
from integrations.observability.sumo.delivered import NAMESPACES
from integrations.observability.sumo.objects import Place, Source

_POLL_SECS = 300
_METRICS_CATEGORY = "aws/observability/cloudwatch/metrics"
_LOGS_CATEGORY = "aws/observability/cloudwatch/logs"


def sources(sumo: SumoSettings, place: Place, mark: str) -> Iterator[Source]:
    """Yield the sources of `sumo`; each has the fields account, region and accountid."""
    if sumo.mode is SumoMode.POLLING:
        yield _polled_metrics(sumo, place, mark)
    elif sumo.metrics_url_secret:
        yield _streamed_metrics(sumo, place, mark)
    if sumo.logs_url_secret:
        yield _logs(sumo, place, mark)
    if sumo.cloudtrail:
        yield _cloudtrail(sumo, sumo.cloudtrail, place, mark)


def _common(sumo: SumoSettings, place: Place, mark: str, name: str) -> dict[str, Any]:
    fields = {"account": sumo.account, "region": place.region, "accountid": place.account}
    return {"name": name, "description": mark, "fields": fields}


def _resource(kind: str, path: dict[str, Any], authentication: dict[str, str]) -> dict[str, Any]:
    return {"resources": [{"serviceType": kind, "path": path, "authentication": authentication}]}


def _role(role_arn: str | None) -> dict[str, str]:
    return {"type": "AWSRoleBasedAuthentication", "roleARN": role_arn or ""}


def _streamed_metrics(sumo: SumoSettings, place: Place, mark: str) -> Source:
    """Return the source that Firehose sends metrics to; its role only reads tags."""
    name, kind = "Metrics by Firehose", "KinesisMetric"
    return Source(
        ids=("collect.metrics",),
        name=name,
        secret=sumo.metrics_url_secret,
        body=_common(sumo, place, mark, name)
        | {
            "category": _METRICS_CATEGORY,
            "sourceType": "HTTP",
            "contentType": kind,
            "messagePerRequest": False,
            "thirdPartyRef": _resource(kind, {"type": "KinesisMetricPath"}, _role(sumo.role_arn)),
        },
    )


def _polled_metrics(sumo: SumoSettings, place: Place, mark: str) -> Source:
    name, kind = "Metrics by polling", "AwsCloudWatch"
    path = {"type": "CloudWatchPath", "limitToRegions": [place.region], "limitToNamespaces": list(NAMESPACES)}
    return Source(
        ids=("collect.metrics",),
        name=name,
        body=_common(sumo, place, mark, name)
        | {
            "category": _METRICS_CATEGORY,
            "sourceType": "Polling",
            "contentType": kind,
            "scanInterval": _POLL_SECS * 1000,
            "paused": False,
            "thirdPartyRef": _resource(kind, path, _role(sumo.role_arn)),
        },
    )


def _logs(sumo: SumoSettings, place: Place, mark: str) -> Source:
    name, kind = "Logs by Firehose", "KinesisLog"
    return Source(
        ids=("collect.logs",),
        name=name,
        secret=sumo.logs_url_secret,
        body=_common(sumo, place, mark, name)
        | {
            "category": _LOGS_CATEGORY,
            "sourceType": "HTTP",
            "contentType": kind,
            "messagePerRequest": False,
            "multilineProcessingEnabled": True,
            "useAutolineMatching": True,
            "thirdPartyRef": _resource(kind, {"type": "NoPathExpression"}, {"type": "NoAuthentication"}),
        },
    )


def _cloudtrail(sumo: SumoSettings, trail: CloudTrailSettings, place: Place, mark: str) -> Source:
    """Return the source that reads the bucket of a trail, with the settings that the page asks for."""
    name, kind = "CloudTrail", "AwsCloudTrailBucket"
    path = {
        "type": "S3BucketPathExpression",
        "bucketName": trail.bucket,
        "pathExpression": trail.path_expression,
    }
    return Source(
        ids=("collect.cloudtrail",),
        name=name,
        body=_common(sumo, place, mark, name)
        | {
            "category": trail.category,
            "sourceType": "Polling",
            "contentType": kind,
            "scanInterval": trail.scan_interval_secs * 1000,
            "paused": False,
            "automaticDateParsing": True,
            "forceTimeZone": True,
            "timeZone": "UTC",
            "multilineProcessingEnabled": True,
            "useAutolineMatching": True,
            "thirdPartyRef": _resource(kind, path, _role(trail.role_arn) | {"region": trail.region}),
        },
    )
