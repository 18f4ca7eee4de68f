"""The written list of differences from DataHub's own source on DataHub's stubs. No other is allowed, and each occurs.

`F1` to `F16` are the faults in docs/catalog.md. `added` are lineage and entities that our source adds. `since 2022` are changes of
DataHub itself since its published golden file, and `table` are additions of our table to the stubs.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

ABSENT = object()


class Correction(Struct, frozen=True):
    """The change of a value of DataHub's source, in the fields `URN aspect field` that `where` matches."""

    reason: str
    where: str
    change: Callable[[Any], Any]

    def applies(self, field: tuple[str, str, str]) -> bool:
        """Return whether the correction is for this field."""
        return re.search(self.where, " ".join(field)) is not None


def _absent(_: Any) -> Any:
    return ABSENT


def _text(old: str, new: str) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [each.replace(old, new) if isinstance(each, str) else each for each in value]
        return value.replace(old, new) if isinstance(value, str) else value

    return change


def _also(urn: str) -> Callable[[Any], Any]:
    return lambda value: sorted([*value, urn])


def _without(part: str) -> Callable[[Any], Any]:
    return lambda value: [each for each in value if part not in each]


def _variant(endpoint: str) -> str:
    return f"urn:li:dataJob:(urn:li:dataFlow:(sagemaker,endpoint:{endpoint},PROD),string)"


_ARN = "arn:aws:sagemaker:us-west-2:123412341234:endpoint/"
_OUTPUT = "urn:li:dataset:(urn:li:dataPlatform:s3,processing-job/processing-output.tar_gz,PROD)"

ALWAYS = (
    Correction("F1: deployments are named by endpoint", r"mlModelProperties deployments$", _text(_ARN, "")),
    Correction(
        "F3: outputs of processing jobs",
        r"processing_job.*outputDatasets$|processing:.*outputDatasets$",
        _also(_OUTPUT),
    ),
    Correction(
        "F9: no properties but custom ones on S3 data sets", r"dataPlatform:s3,.* datasetProperties tags$", _absent
    ),
    Correction("F16: values of environments", r"customProperties\.Environment$", _text("'string'}", "'***'}")),
    Correction(
        "F16: values of environments of containers",
        r"customProperties\.(Containers|PrimaryContainer|BestCandidate)$",
        lambda value: re.sub(r"'Environment': \{'string': 'string'\}", "'Environment': {'string': '***'}", value),
    ),
    Correction(
        "added: variants serve models",
        r"the-first-model,PROD\) .* downstreamJobs$",
        _also(_variant("the-first-endpoint")),
    ),
    Correction(
        "added: variants serve models",
        r"the-second-model,PROD\) .* downstreamJobs$",
        _also(_variant("the-second-endpoint")),
    ),
)
ORIGINAL = (
    *ALWAYS,
    Correction("F8: metadata of responses", r"customProperties\.ResponseMetadata$", _absent),
    Correction(
        "F8: times in the zone of the machine", r"customProperties\.", _text("tzlocal()", "datetime.timezone.utc")
    ),
    Correction("F9: the status of others' data sets", r"dataPlatform:s3,.* status removed$", _absent),
)
GOLDEN = (
    *ALWAYS,
    Correction("since 2022: no edge packaging", r"edge_packaging|edge-packaging", _absent),
    Correction("since 2022: no edge packaging", r"mlModelProperties downstreamJobs$", _without("edge_packaging")),
    Correction(
        "since 2022: paths end at the parent",
        r" browsePaths paths$",
        lambda value: [each.rpartition("/")[0] for each in value],
    ),
    Correction("since 2022: a compilation job is not its own input", r"compilation:.* inputDatajobs$", lambda _: []),
    Correction(
        "since 2022: the second version of AutoML jobs",
        r"auto_ml:.*customProperties\.(AutoMLJobConfig|GenerateCandidateDefinitionsOnly|InputDataConfig|ProblemType)$",
        _absent,
    ),
    Correction(
        "since 2022: the second version of AutoML jobs",
        r"auto_ml:.*customProperties\.ResolvedAttributes$",
        _text("'ProblemType': 'BinaryClassification', ", ""),
    ),
    Correction(
        "table: boto3 reads all times with a zone",
        r"mlFeatureTableProperties customProperties\.creation_time$",
        lambda value: f"{value}+00:00",
    ),
    Correction(
        "table: a configuration an endpoint",
        r"the-first-endpoint,.*EndpointConfigName$",
        lambda _: "the-first-endpoint-config",
    ),
    Correction(
        "table: a configuration an endpoint",
        r"the-second-endpoint,.*EndpointConfigName$",
        lambda _: "the-second-endpoint-config",
    ),
)
