"""Random accounts through the whole source: no error, no missing entity, and every record is valid."""

import json
from types import SimpleNamespace
from typing import Any

from datahub.ingestion.api.common import PipelineContext
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.metadata.schema_classes import MetadataChangeEventClass, MetadataChangeProposalClass
from datahub.metadata.urns import Urn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.source import SagemakerCaptureSource
from tests.catalog.datahub.records import Records, dangling, merged
from tests.catalog.random_estates import NAMES, STATUSES, TEXTS, URIS, InMemory, some, tables
from tests.catalog.table import Document, Table

CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "platform_instance": st.just("prod"),
        "s3_names": st.just("as-written"),
        "extract_models": st.booleans(),
        "extract_endpoints": st.booleans(),
        "extract_jobs": st.booleans(),
        "extract_captures": st.booleans(),
    },
)
_TUNING = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/{}"
JOBS = st.lists(
    some(
        {"TrainingJobName": NAMES},
        {
            "TrainingJobStatus": STATUSES,
            "TuningJobArn": st.builds(_TUNING.format, NAMES),
            "HyperParameters": st.dictionaries(TEXTS, TEXTS, max_size=2),
            "InputDataConfig": st.lists(
                some({}, {"DataSource": some({}, {"S3DataSource": some({}, {"S3Uri": URIS})})})
            ),
            "OutputDataConfig": some({}, {"S3OutputPath": URIS}),
            "ModelArtifacts": some({}, {"S3ModelArtifacts": URIS}),
            "Environment": st.dictionaries(NAMES, TEXTS, max_size=2),
        },
    ),
    max_size=3,
)


class _Client(InMemory):
    meta = SimpleNamespace(region_name="eu-west-1")


def _units(table: Table, config: dict[str, Any]) -> list[MetadataWorkUnit]:
    parsed = SagemakerCaptureConfig.model_validate({"max_workers": 1, **config})
    parsed._client = _Client(table)
    return list(SagemakerCaptureSource(parsed, PipelineContext(run_id="test")).get_workunits())


def _records(units: list[MetadataWorkUnit]) -> Records:
    return merged([json.loads(json.dumps(_entry(unit))) for unit in units])


def _entry(unit: MetadataWorkUnit) -> dict[str, Any]:
    """Return a work unit as the file sink writes it."""
    record = unit.metadata
    if isinstance(record, (MetadataChangeEventClass, MetadataChangeProposalClass)):
        written: dict[str, Any] = record.to_obj(tuples=False)
        if isinstance(record, MetadataChangeProposalClass) and record.aspect:
            written["aspect"] = {"json": json.loads(record.aspect.value)}
        return written
    return record.to_obj(simplified_structure=True)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables(), jobs=JOBS, config=CONFIGS)
def test_random_accounts(table: Table, jobs: list[Document], config: dict[str, Any]) -> None:
    for job in jobs:
        table.add("TrainingJob", job)
    units = _units(table, config)
    records = _records(units)
    assert dangling(records) == set()
    for unit in units:
        assert not isinstance(unit.metadata, MetadataChangeEventClass) or unit.metadata.validate()
        assert str(Urn.from_string(unit.get_urn())) == unit.get_urn()
