"""Random answers of SageMaker: names at the limits, missing fields, wrong types, unknown statuses."""

import json
import string
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from hypothesis import strategies as st

from tests.catalog.table import MODEL, Document, Refused, Table

# Names at the limits of SageMaker: one character, 63, and those that several entities share.
_LETTERS = string.ascii_letters + string.digits
NAMES = st.sampled_from(["a", "b", "c", "A", "0", "a-b", "x" * 63, f"{'y' * 31}-{'z' * 31}"])
TEXTS = st.one_of(NAMES, st.text(_LETTERS + "/:-. ,()%é\n", max_size=40))
STATUSES = st.sampled_from(["InService", "Creating", "Failed", "UpdateRollbackFailed", "Unheard", ""])
URIS = st.one_of(
    st.sampled_from(
        ["s3://captures-bucket", "s3://captures-bucket/captures", "s3://captures-bucket/x.y/", "string", "s3://"]
    ),
    st.builds("s3://captures-bucket/captures/{}".format, TEXTS),
    TEXTS,
)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have no zone
# A value of another type than AWS's, for any field.
WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(), st.lists(st.integers(), max_size=2), st.dictionaries(NAMES, NAMES)
)


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Document]:
    """Return documents with any of the optional fields; one may have a wrong value."""

    def damaged(parts: tuple[Document, str, Any, int]) -> Document:
        document, field, wrong, chance = parts
        return document | ({field: wrong} if chance == 0 and field in optional else {})

    fixed = st.fixed_dictionaries(required, optional=optional)
    return st.tuples(fixed, st.sampled_from(sorted(optional)), WRONG, st.integers(0, 9)).map(damaged)


CONTAINERS = some(
    {"Image": st.just("one-image")},
    {
        "ModelDataUrl": URIS,
        "ModelPackageName": st.builds(
            "arn:aws:sagemaker:eu-west-1:1:model-package/{}/{}".format, NAMES, st.integers(1, 2)
        ),
        "ModelDataSource": st.fixed_dictionaries({}, optional={"S3DataSource": st.fixed_dictionaries({"S3Uri": URIS})}),
    },
)
VARIANTS = st.lists(some({"VariantName": NAMES}, {"ModelName": NAMES, "CurrentWeight": st.floats(0, 1)}), max_size=3)
CAPTURE = some({}, {"EnableCapture": st.just(True), "DestinationS3Uri": URIS, "CaptureStatus": STATUSES})
TAGS = st.lists(some({}, {"Key": TEXTS, "Value": TEXTS}), max_size=2)
STEPS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.none(), st.builds(lambda name: {"Get": f"Steps.{name}.x"}, NAMES)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries(
            {}, optional={"Name": NAMES, "DependsOn": inner, "IfSteps": inner, "Arguments": inner, "Steps": inner}
        ),
    ),
    max_leaves=12,
)
KINDS: dict[str, st.SearchStrategy[Document]] = {
    "Endpoint": some(
        {"EndpointName": NAMES},
        {
            "EndpointConfigName": NAMES,
            "EndpointStatus": STATUSES,
            "CreationTime": TIMES,
            "ProductionVariants": VARIANTS,
            "ShadowProductionVariants": VARIANTS,
            "DataCaptureConfig": CAPTURE,
            "Tags": TAGS,
        },
    ),
    "EndpointConfig": some(
        {"EndpointConfigName": NAMES},
        {"ProductionVariants": VARIANTS, "ShadowProductionVariants": VARIANTS, "DataCaptureConfig": CAPTURE},
    ),
    "InferenceComponent": some(
        {"InferenceComponentName": NAMES},
        {
            "EndpointName": NAMES,
            "VariantName": NAMES,
            "Specification": some({}, {"ModelName": NAMES, "BaseInferenceComponentName": NAMES}),
        },
    ),
    "Model": some(
        {"ModelName": NAMES}, {"PrimaryContainer": CONTAINERS, "Containers": st.lists(CONTAINERS, max_size=2)}
    ),
    "ModelPackageGroup": some({"ModelPackageGroupName": NAMES}, {"CreatedBy": some({}, {"UserProfileName": TEXTS})}),
    "ModelPackage": some(
        {
            "ModelPackageArn": st.builds(
                "arn:aws:sagemaker:eu-west-1:1:model-package/{}/{}".format, NAMES, st.integers(1, 2)
            )
        },
        {
            "ModelPackageGroupName": NAMES,
            "ModelPackageVersion": st.integers(1, 2),
            "ModelApprovalStatus": STATUSES,
            "InferenceSpecification": some({}, {"Containers": st.lists(CONTAINERS, max_size=2)}),
        },
    ),
    "ProcessingJob": some(
        {"ProcessingJobName": NAMES},
        {"ProcessingInputs": st.lists(some({}, {"S3Input": some({}, {"S3Uri": URIS})}), max_size=2)},
    ),
    "Pipeline": some(
        {"PipelineName": NAMES},
        {"PipelineDefinition": st.one_of(TEXTS, STEPS.map(lambda steps: json.dumps({"Steps": steps})))},
    ),
    "MonitoringSchedule": some({"MonitoringScheduleName": NAMES}, {"EndpointName": NAMES, "MonitoringType": STATUSES}),
    "FeatureGroup": some({"FeatureGroupName": NAMES}, {"FeatureDefinitions": st.lists(st.none(), max_size=1)}),
}


def tables() -> st.SearchStrategy[Table]:
    """Return random accounts; names are few, so that entities refer to each other."""
    return st.fixed_dictionaries({kind: st.lists(one, max_size=3) for kind, one in KINDS.items()}).map(_table)


def _table(entities: dict[str, list[Document]]) -> Table:
    table = Table()
    for kind, documents in entities.items():
        for document in documents:
            table.add(kind, document)
    return table


class InMemory:
    """A client of SageMaker that asks a table without HTTP, so that a test can ask often."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __getattr__(self, method: str) -> Any:
        operation = _OPERATIONS[method]

        def call(**parameters: Any) -> Document:
            try:
                return self._table.answer(operation, parameters)
            except Refused as refused:
                raise ClientError({"Error": {"Code": refused.code, "Message": str(refused)}}, operation) from None

        return call


_OPERATIONS = {xform_name(operation): operation for operation in MODEL.operation_names}
