"""Pipelines and monitoring schedules."""

from datetime import datetime

from integrations.catalog.values.answer import Answer, CreatedBy


class Pipeline(Answer, frozen=True):
    """`DescribePipeline`; the definition is a JSON text, or it lies in S3 and is absent."""

    pipeline_name: str
    pipeline_arn: str = ""
    pipeline_display_name: str = ""
    pipeline_description: str = ""
    pipeline_status: str = ""
    pipeline_definition: str = ""
    creation_time: datetime | None = None
    created_by: CreatedBy | None = None


class ScheduleConfig(Answer, frozen=True):
    """When a schedule runs."""

    schedule_expression: str = ""


class EndpointInput(Answer, frozen=True):
    """The endpoint whose captures a monitoring job reads."""

    endpoint_name: str = ""


class BatchTransformInput(Answer, frozen=True):
    """The captures of batch transform jobs that a monitoring job reads."""

    data_captured_destination_s3_uri: str = ""


class MonitoringInput(Answer, frozen=True):
    """One input of a monitoring job."""

    endpoint_input: EndpointInput | None = None
    batch_transform_input: BatchTransformInput | None = None


class MonitoringJobDefinition(Answer, frozen=True):
    """A job definition inside a schedule."""

    monitoring_inputs: tuple[MonitoringInput, ...] = ()


class MonitoringScheduleConfig(Answer, frozen=True):
    """The job of a schedule: a job definition by name, or a definition of its own."""

    schedule_config: ScheduleConfig | None = None
    monitoring_job_definition: MonitoringJobDefinition | None = None
    monitoring_job_definition_name: str = ""
    monitoring_type: str = ""


class MonitoringSchedule(Answer, frozen=True):
    """`DescribeMonitoringSchedule`."""

    monitoring_schedule_name: str
    monitoring_schedule_arn: str = ""
    monitoring_schedule_status: str = ""
    monitoring_type: str = ""
    endpoint_name: str = ""
    creation_time: datetime | None = None
    monitoring_schedule_config: MonitoringScheduleConfig | None = None
