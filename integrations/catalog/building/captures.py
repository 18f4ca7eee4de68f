"""The data sets of captures, one a variant, and the jobs that read them."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from integrations.catalog.building import keys
from integrations.catalog.building.parts import Parts, shown
from integrations.catalog.building.serving import Serving, servings
from integrations.catalog.nodes import Edge, EdgeKind, Key, Node, Problem, Severity, Subtype
from integrations.catalog.values import CaptureConfig, Endpoint, Estate, Job

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_DESTINATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


class Capture(Struct, frozen=True, kw_only=True):
    """The captures of one variant: SageMaker writes them below `prefix` of `bucket`. It has no slash at its end.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """

    serving: Serving
    bucket: str
    prefix: str

    @property
    def key(self) -> Key:
        """The key of the data set."""
        return keys.capture(self.bucket, self.prefix)


def place_of(uri: str) -> tuple[str, str] | None:
    """Return the bucket and the prefix of an address in S3, without a slash at the end; `None` if it is malformed."""
    found = _DESTINATION.fullmatch(uri)
    return (found[1], (found[2] or "").rstrip("/")) if found else None


def captures(estate: Estate) -> Iterator[Capture]:
    """Yield the captures of every variant whose endpoint captures to a valid address."""
    for serving in servings(estate):
        found = place_of(_destination(serving.endpoint, estate))
        if found:
            bucket, prefix = found
            own = f"{serving.endpoint.endpoint_name}/{serving.name}"
            yield Capture(serving=serving, bucket=bucket, prefix=f"{prefix}/{own}" if prefix else own)


def capture_parts(estate: Estate, found: Iterable[Capture]) -> Parts:
    """Yield the data sets, the edges from variants to them, and a problem for each malformed destination."""
    for each in found:
        yield _data_set(each, estate)
        yield Edge(each.serving.key, each.key, EdgeKind.WRITES)
    for endpoint in estate.endpoints:
        uri = _destination(endpoint, estate)
        if uri and not place_of(uri):
            title, detail = "Captures have no valid destination", f'DestinationS3Uri is "{uri[:200]}"'
            advice = "write an address that begins with s3:// into the data capture of the endpoint"
            yield Problem(Severity.WARNING, title, endpoint.endpoint_name, advice, detail)


def readers(jobs: Iterable[Job], found: Iterable[Capture]) -> Parts:
    """Yield an edge from captures to every job that reads above or below their prefix, as Model Monitor's jobs do.

    A prefix ends where a folder does: `captures/churn` does not cover `captures/churn-2`.
    """
    own: dict[tuple[str, str], list[Capture]] = {}
    below: dict[tuple[str, str], list[Capture]] = {}
    for each in found:
        own.setdefault((each.bucket, each.prefix), []).append(each)
        for folder in _folders(each.prefix):
            below.setdefault((each.bucket, folder), []).append(each)
    for job in jobs:
        for uri in job.inputs:
            if place := place_of(uri):
                bucket, prefix = place
                above = [capture for folder in _folders(prefix) for capture in own.get((bucket, folder), ())]
                for capture in dict.fromkeys(each.key for each in (*above, *below.get(place, ()))):
                    yield Edge(capture, keys.job(job), EdgeKind.READ_BY)


def _folders(prefix: str) -> Iterator[str]:
    """Yield the prefix, every folder above it, and last the empty prefix of the bucket."""
    while prefix:
        yield prefix
        prefix = prefix.rpartition("/")[0]
    yield ""


def _destination(endpoint: Endpoint, estate: Estate) -> str:
    """Return where an endpoint captures to; empty if it does not capture."""
    return next((each.destination_s3_uri for each in _configs(endpoint, estate) if each.destination_s3_uri), "")


def _configs(endpoint: Endpoint, estate: Estate) -> list[CaptureConfig]:
    """Return the capture settings of the endpoint and of its configuration, if they are enabled."""
    config = estate.configs.get(endpoint.endpoint_config_name)
    both = (endpoint.data_capture_config, config.data_capture_config if config else None)
    return [each for each in both if each and each.enable_capture]


def _data_set(capture: Capture, estate: Estate) -> Node:
    endpoint = capture.serving.endpoint
    configs = _configs(endpoint, estate)
    types = [each.capture_content_type_header for each in configs if each.capture_content_type_header]
    return Node(
        key=capture.key,
        label=f"{endpoint.endpoint_name}/{capture.serving.name}",
        subtype=Subtype.CAPTURE,
        properties=shown(
            {
                "EndpointName": endpoint.endpoint_name,
                "VariantName": capture.serving.name,
                "S3Uri": f"s3://{capture.bucket}/{capture.prefix}",
                "CaptureStatus": _first(each.capture_status for each in configs),
                "SamplingPercentage": _first(
                    percentage
                    for each in configs
                    for percentage in (each.current_sampling_percentage, each.initial_sampling_percentage)
                ),
                "CaptureModes": tuple(
                    dict.fromkeys(option.capture_mode for each in configs for option in each.capture_options)
                ),
                "CsvContentTypes": _first(each.csv_content_types for each in types),
                "JsonContentTypes": _first(each.json_content_types for each in types),
                "KmsKeyId": _first(each.kms_key_id for each in configs),
            }
        ),
    )


def _first(values: Iterable[object]) -> object:
    return next((each for each in values if each not in (None, "", ())), None)
