"""Records of a metric stream in OpenTelemetry 1.0, and the filter of a synthesised metric stream.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-100.html:
each message has its length before it, and each metric is a summary with the quantiles 0 and 1 as minimum and maximum.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

_MORE = 0x80


class Point(Struct, frozen=True):
    """The statistics of one series in one minute."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    minimum: float
    maximum: float
    total: float
    count: int


def streamed(points: Sequence[Point], filters: Sequence[Mapping[str, Any]]) -> list[Point]:
    """Return the points that a metric stream with these `IncludeFilters` sends."""
    return [
        each
        for each in points
        if any(
            each.namespace == one["Namespace"] and each.metric in one.get("MetricNames", [each.metric])
            for one in filters
        )
    ]


def metric_record(points: Sequence[Point]) -> bytes:
    """Return one record with one message."""
    message = ExportMetricsServiceRequest()
    resource = message.resource_metrics.add()
    for each in points:
        metric = resource.scope_metrics.add().metrics.add(name=f"amazonaws.com/{each.namespace}/{each.metric}")
        point = metric.summary.data_points.add(count=each.count, sum=each.total)
        point.quantile_values.add(quantile=0, value=each.minimum)
        point.quantile_values.add(quantile=1, value=each.maximum)
        point.attributes.add(key="Namespace").value.string_value = each.namespace
        point.attributes.add(key="MetricName").value.string_value = each.metric
        dimensions = point.attributes.add(key="Dimensions").value.kvlist_value
        for name, value in each.dimensions:
            dimensions.values.add(key=name).value.string_value = value
    body: bytes = message.SerializeToString()
    return _length(len(body)) + body


def points_in(record: bytes) -> Iterator[Point]:
    """Yield the points of a record, as a receiver reads it."""
    place = 0
    while place < len(record):
        size, shift = 0, 0
        while True:
            byte = record[place]
            place += 1
            size |= (byte & ~_MORE) << shift
            shift += 7
            if not byte & _MORE:
                break
        message = ExportMetricsServiceRequest.FromString(record[place : place + size])
        place += size
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                yield from (_point(each) for metric in scope.metrics for each in metric.summary.data_points)


def _point(found: Any) -> Point:
    attributes = {each.key: each.value for each in found.attributes}
    dimensions = attributes["Dimensions"].kvlist_value.values
    quantiles = {each.quantile: each.value for each in found.quantile_values}
    return Point(
        attributes["Namespace"].string_value,
        attributes["MetricName"].string_value,
        tuple((each.key, each.value.string_value) for each in dimensions),
        quantiles[0],
        quantiles[1],
        found.sum,
        found.count,
    )


def _length(number: int) -> bytes:
    """Return a number as protobuf writes lengths: seven bits a byte, the lowest first."""
    written = bytearray()
    while number >= _MORE:
        written.append(number & ~_MORE & 0xFF | _MORE)
        number >>= 7
    return bytes([*written, number])
