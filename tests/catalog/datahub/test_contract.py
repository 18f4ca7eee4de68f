"""All of DataHub's SageMaker source that ours relies on: a new release that changes it fails here first."""

import inspect
from typing import Any

import pytest
from botocore.credentials import RefreshableCredentials
from datahub.configuration.common import AllowDenyPattern
from datahub.ingestion.api.source import Source
from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.ingestion.run.pipeline import Pipeline
from datahub.ingestion.sink import datahub_rest
from datahub.ingestion.source.aws import aws_common, s3_util
from datahub.ingestion.source.aws.sagemaker import SagemakerSource
from datahub.ingestion.source.aws.sagemaker_processors import common, feature_groups, job_classes, jobs, lineage, models
from datahub.ingestion.source.state.entity_removal_state import GenericCheckpointState
from datahub.ingestion.source.state.stale_entity_removal_handler import StaleEntityRemovalHandler
from datahub.specific.dataset import DatasetPatchBuilder

from integrations.catalog.datahub.config import JOB_TYPES
from integrations.catalog.datahub.failures import CONNECTING
from integrations.catalog.datahub.report import UNKNOWN_STATUSES
from integrations.catalog.values import JobKind

# A class and a method that ours overrides or calls, with the names of its parameters.
_METHODS: list[tuple[type, str, list[str]]] = [
    (SagemakerSource, "__init__", ["self", "config", "ctx"]),
    (SagemakerSource, "create", ["config_dict", "ctx"]),
    (SagemakerSource, "get_workunits_internal", ["self"]),
    (SagemakerSource, "get_report", ["self"]),
    (Source, "get_stale_entity_state_type", ["self"]),
    (feature_groups.FeatureGroupProcessor, "__init__", ["self", "sagemaker_client", "env", "report"]),
    (feature_groups.FeatureGroupProcessor, "get_workunits", ["self"]),
    (feature_groups.FeatureGroupProcessor, "get_feature_wu", ["self", "feature_group_details", "feature"]),
    (feature_groups.FeatureGroupProcessor, "get_feature_group_wu", ["self", "feature_group_details"]),
    (feature_groups.FeatureGroupProcessor, "get_feature_type", ["self", "aws_type", "feature_name"]),
    (jobs.JobProcessor, "get_workunits", ["self"]),
    (jobs.JobProcessor, "create_common_job_snapshot", ["self", "job", "job_type", "job_url"]),
    (jobs.JobProcessor, "process_hyper_parameter_tuning_job", ["self", "job"]),
    (jobs.JobProcessor, "process_training_job", ["self", "job"]),
    (jobs.JobProcessor, "process_processing_job", ["self", "job"]),
    (models.ModelProcessor, "get_workunits", ["self"]),
    (models.ModelProcessor, "get_endpoint_wu", ["self", "endpoint_details"]),
    (models.ModelProcessor, "get_group_wu", ["self", "group_details"]),
    (models.ModelProcessor, "get_model_wu", ["self", "model_details", "endpoint_arn_to_name"]),
    (models.ModelProcessor, "get_endpoint_status", ["self", "endpoint_name", "endpoint_arn", "sagemaker_status"]),
    (models.ModelProcessor, "match_model_jobs", ["self", "model_details"]),
    (
        models.ModelProcessor,
        "get_model_endpoints",
        ["self", "model_details", "endpoint_arn_to_name", "model_image", "model_uri"],
    ),
    (common.SagemakerSourceReport, "report_dropped", ["self", "name"]),
    (
        common.SagemakerSourceReport,
        "warning",
        ["self", "message", "context", "title", "exc", "log", "log_category"],
    ),
    (common.SagemakerSourceReport, "set_sample_sizes", ["self", "failure_size", "warning_size", "info_size"]),
    (common.SagemakerSourceConfig, "_normalized_aws_roles", ["self"]),
    (GenericCheckpointState, "get_urns_not_in", ["self", "type", "other_checkpoint_state"]),
    (GenericCheckpointState, "get_percent_entities_changed", ["self", "old_checkpoint_state"]),
    (DatasetPatchBuilder, "add_custom_property", ["self", "key", "value"]),
    (AllowDenyPattern, "allowed", ["self", "string"]),
    (Pipeline, "log_ingestion_stats", ["self"]),
]
_COUNTERS = (
    "report_feature_group_scanned",
    "report_feature_scanned",
    "report_endpoint_scanned",
    "report_group_scanned",
    "report_model_scanned",
    "report_job_processed",
    "report_job_scanned",
    "report_dataset_scanned",
)
_JOB_FIELDS = {
    "job_snapshot",
    "job_name",
    "job_arn",
    "job_type",
    "input_datasets",
    "output_datasets",
    "input_jobs",
    "output_jobs",
}


@pytest.mark.parametrize(("owner", "name", "parameters"), _METHODS, ids=[f"{o.__name__}.{n}" for o, n, _ in _METHODS])
def test_methods(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_counters() -> None:
    assert all(callable(getattr(common.SagemakerSourceReport, name)) for name in _COUNTERS)


def test_job_types_and_their_processors() -> None:
    assert set(JOB_TYPES) == {kind.value for kind in JobKind}
    for kind in jobs.JobType:
        info = jobs.job_type_to_info[kind]
        assert callable(getattr(jobs.JobProcessor, info.processor))
        assert info.status_map
        assert {info.describe_name_key, info.describe_arn_key, info.describe_status_key}
    assert len(job_classes.SageMakerJobInfo.__subclasses__()) == len(JOB_TYPES)


def test_the_statuses_that_are_added_are_still_missing() -> None:
    assert "Deleting" not in jobs.job_type_to_info[jobs.JobType.TRAINING].status_map
    assert "UpdateRollbackFailed" not in models.ENDPOINT_STATUS_MAP


def test_fields() -> None:
    assert set(jobs.SageMakerJob.__dataclass_fields__) == _JOB_FIELDS
    assert jobs.JobKey._fields == ("job_urn", "job_direction")
    assert {"hyperparameters", "metrics"} <= set(jobs.ModelJob.__dataclass_fields__)
    needed = {"model_image_to_jobs", "model_name_to_jobs", "arn_to_name", "name_to_arn"}
    assert needed <= set(jobs.JobProcessor.__dataclass_fields__)
    assert {"lineage", "model_image_to_jobs", "model_name_to_jobs"} <= set(models.ModelProcessor.__dataclass_fields__)
    assert lineage.LineageInfo()
    assert {"is_primary_source", "metadata"} <= set(inspect.signature(MetadataWorkUnit).parameters) | {"metadata"}


def test_functions() -> None:
    functions: list[Any] = [jobs.make_sagemaker_flow_urn, jobs.make_sagemaker_job_urn, s3_util.make_s3_urn]
    assert [list(inspect.signature(each).parameters) for each in functions] == [
        ["job_type", "job_name", "env"],
        ["job_type", "job_name", "arn", "env"],
        ["s3_uri", "env", "remove_extension"],
    ]
    assert s3_util.make_s3_urn_for_lineage("s3://b/a.csv", "PROD").endswith("b/a.csv,PROD)")


def test_the_configuration_is_validated_by_the_same_fields() -> None:
    fields = set(common.SagemakerSourceConfig.model_fields)
    ours = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_profile", "aws_region", "aws_role"}
    ours |= {"aws_endpoint_url", "aws_proxy", "aws_retry_num", "aws_retry_mode", "read_timeout", "aws_advanced_config"}
    ours |= {"env", "database_pattern", "table_pattern", "extract_feature_groups", "extract_models", "extract_jobs"}
    assert fields == ours | {"stateful_ingestion"}
    assert set(aws_common.AwsAssumeRoleConfig.model_fields) == {"RoleArn", "ExternalId"}


def test_the_state_has_the_name_of_the_platform() -> None:
    assert SagemakerSource.platform == "sagemaker"
    assert StaleEntityRemovalHandler.compute_job_id("sagemaker") == "sagemaker_stale_entity_removal"


def test_messages_of_datahub_that_get_a_next_step() -> None:
    """Our report replaces them, and our command recognises the last one."""
    for message, owner in zip(UNKNOWN_STATUSES, (jobs, models), strict=True):
        assert f'"{message}"' in inspect.getsource(owner)
    assert "String" in feature_groups.FeatureGroupProcessor.field_type_mappings
    assert CONNECTING in inspect.getsource(datahub_rest)


def test_the_report_can_leave_out_that_nothing_was_produced() -> None:
    assert common.SagemakerSourceReport().event_not_produced_warn is True


def test_the_renewal_of_credentials_takes_margins() -> None:
    """Botocore's class has no documentation, so an update of it may rename these."""
    needed = {"expiry_time", "refresh_using", "method", "advisory_timeout", "mandatory_timeout"}
    assert needed <= set(inspect.signature(RefreshableCredentials).parameters)
