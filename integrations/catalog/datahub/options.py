"""The configuration of a recipe as the values that the reader takes."""

from datahub.configuration.common import AllowDenyPattern

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.options import Options, Pattern, S3Names
from integrations.catalog.values import JobKind


def options_of(config: SagemakerCaptureConfig) -> Options:
    """Return the options of `config` for the reader."""
    jobs = config.extract_jobs
    return Options(
        extract_feature_groups=bool(config.extract_feature_groups),
        extract_models=bool(config.extract_models),
        extract_jobs={JobKind(name): each for name, each in jobs.items()} if isinstance(jobs, dict) else jobs,
        extract_endpoints=config.extract_endpoints,
        extract_captures=config.extract_captures,
        extract_registry=config.extract_registry,
        extract_pipelines=config.extract_pipelines,
        extract_monitoring_schedules=config.extract_monitoring_schedules,
        extract_tags=config.extract_tags,
        s3_names=S3Names(config.s3_names),
        max_workers=config.max_workers,
        endpoint_pattern=_pattern(config.endpoint_pattern),
        model_pattern=_pattern(config.model_pattern),
        job_pattern=_pattern(config.job_pattern),
        feature_group_pattern=_pattern(config.feature_group_pattern),
    )


def _pattern(pattern: AllowDenyPattern) -> Pattern:
    ignore_case = pattern.ignoreCase is not False
    return Pattern(allow=tuple(pattern.allow), deny=tuple(pattern.deny), ignore_case=ignore_case)
