"""Jobs: DataHub's processor on answers that were read before, with outputs, tuning jobs and names corrected."""

from collections.abc import Iterable, Iterator
from typing import Any

from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.ingestion.source.aws.sagemaker_processors.jobs import (
    JobProcessor,
    JobType,
    SageMakerJob,
    job_type_to_info,
    make_sagemaker_flow_urn,
    make_sagemaker_job_urn,
)
from datahub.metadata.schema_classes import (
    DataFlowInfoClass,
    DataFlowSnapshotClass,
    DataJobInputOutputClass,
    DataJobSnapshotClass,
    JobStatusClass,
    MetadataChangeEventClass,
)

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.documents import properties
from integrations.catalog.datahub.foreign import described
from integrations.catalog.datahub.lineage import Links
from integrations.catalog.datahub.report import CaptureReport
from integrations.catalog.datahub.snapshots import NO_CLIENT
from integrations.catalog.datahub.urns import is_on_s3, s3_urn
from integrations.catalog.values import Document, Job

# Statuses that DataHub's maps lack (F14).
_STATUSES = {"Deleting": JobStatusClass.STOPPING, "DeleteFailed": JobStatusClass.FAILED}
# The fields of jobs that hold an address on S3.
_ADDRESSES = frozenset(
    ("S3Uri", "S3OutputPath", "S3OutputLocation", "ManifestS3Uri", "LabelCategoryConfigS3Uri", "OutputDatasetS3Uri")
)


class Jobs(JobProcessor):
    """Makes flows, jobs and the properties of their S3 data sets.

    `documents` has the description of each job by ARN, `stores` the data set of a feature group's offline store by the
    name of the group.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        documents: dict[str, Document],
        stores: dict[str, str],
        links: Links,
        config: SagemakerCaptureConfig,
        report: CaptureReport,
        region: str,
    ) -> None:
        super().__init__(
            sagemaker_client=NO_CLIENT, env=config.env, report=report, job_type_filter=True, aws_region=region
        )
        self._jobs = list(jobs)
        self._documents = documents
        self._stores = stores
        self._links = links
        self._as_written = config.s3_names == "as-written"
        self._report = report
        self.arn_to_name = {job.arn: (job.kind.value, job.name) for job in self._jobs}
        self.name_to_arn = {name: arn for arn, name in self.arn_to_name.items()}

    def get_workunits(self) -> Iterator[MetadataWorkUnit]:
        """Yield the properties of data sets, then flows and jobs. A malformed job is a failure; the others come."""
        made: dict[str, SageMakerJob] = {}
        for job in self._jobs:
            with self._report.skipping(f"{job.kind} job", job.name):
                processed = self._processed(job)
                made[processed.job_snapshot.urn] = processed
                self.report.report_job_processed()
        in_order = [made[urn] for urn in sorted(made)]
        yield from self._data_sets(in_order)
        for processed in in_order:
            processed.input_jobs &= made.keys()
            yield from self._units(processed)
            self.report.report_job_scanned()

    def _processed(self, job: Job) -> SageMakerJob:
        process = getattr(self, job_type_to_info[JobType(job.kind.value)].processor)
        made: SageMakerJob = process(self._with_s3_addresses_only(job.name, self._documents[job.arn]))
        made.input_datasets = self._renamed(made.input_datasets)
        made.output_datasets = self._renamed(made.output_datasets)
        return made

    def _renamed(self, data_sets: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return the data sets under the names that the recipe asks for (F13)."""
        if not self._as_written:
            return data_sets
        return {s3_urn(each["uri"], self.env, as_written=True): each for each in data_sets.values()}

    def _with_s3_addresses_only(self, name: str, document: Document) -> Document:
        """Leave out addresses that are not S3's: DataHub's code ends the run at one (F13)."""
        return {key: self._kept(name, value) for key, value in document.items() if self._is_usable(name, key, value)}

    def _kept(self, name: str, value: Any) -> Any:
        match value:
            case dict():
                return self._with_s3_addresses_only(name, value)
            case list():
                return [self._kept(name, each) for each in value]
            case _:
                return value

    def _is_usable(self, name: str, key: str, value: Any) -> bool:
        if key not in _ADDRESSES or is_on_s3(value):
            return True
        if value:
            self._report.marked("Address is not on S3", f"{name}: {key} {value}", "correct it where the job is made")
        return False

    def create_common_job_snapshot(
        self, job: Document, job_type: JobType, job_url: str | None = None
    ) -> tuple[DataJobSnapshotClass, str, str]:
        """Return the snapshot of a job with the properties of its whole description, and with all statuses (F14)."""
        info = job_type_to_info[job_type]
        whole = self._documents[job[info.describe_arn_key]]
        status = whole.get(info.describe_status_key)
        mapped = _STATUSES.get(str(status))
        known = next(iter(info.status_map)) if mapped else status
        snapshot, name, arn = super().create_common_job_snapshot(
            {**job, info.describe_status_key: known}, job_type, job_url
        )
        details: Any = snapshot.aspects[0]
        details.customProperties = {**properties(whole), "jobType": job_type.value}
        details.status = mapped or details.status
        return snapshot, name, arn

    def process_hyper_parameter_tuning_job(self, job: Document) -> SageMakerJob:
        """Return a tuning job. Its training jobs name it, so its definitions are no jobs: they have other names."""
        without = {key: value for key, value in job.items() if key != "TrainingJobDefinitions"}
        return super().process_hyper_parameter_tuning_job(without)

    def process_training_job(self, job: Document) -> SageMakerJob:
        """Return a training job, with the tuning job that started it as input (F4)."""
        made = super().process_training_job(job)
        tuning = job.get("TuningJobArn")
        if known := self.arn_to_name.get(str(tuning)):
            made.input_jobs.add(make_sagemaker_job_urn(*known, str(tuning), self.env))
        return made

    def process_processing_job(self, job: Document) -> SageMakerJob:
        """Return a processing job with its outputs: S3 data sets, and the offline stores of feature groups (F3)."""
        made = super().process_processing_job(job)
        for output in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
            name = {"name": output.get("OutputName")}
            if address := output.get("S3Output", {}).get("S3Uri"):
                urn = s3_urn(address, self.env, as_written=False)
                made.output_datasets[urn] = {"dataset_type": "s3", "uri": address} | name
            group = output.get("FeatureStoreOutput", {}).get("FeatureGroupName")
            if group in self._stores:
                self._links.writes(made.job_snapshot.urn, self._stores[group])
        return made

    def _data_sets(self, jobs: list[SageMakerJob]) -> Iterator[MetadataWorkUnit]:
        """Yield a patch of the properties of each data set; those that the catalog owns have aspects of their own."""
        found: dict[str, dict[str, Any]] = {}
        for job in jobs:
            found |= job.input_datasets | job.output_datasets
        for urn, details in found.items():
            if not self._links.owns(urn):
                yield described(urn, details)
                self.report.report_dataset_scanned()

    def _units(self, job: SageMakerJob) -> Iterator[MetadataWorkUnit]:
        flow_urn = make_sagemaker_flow_urn(job.job_type.value, job.job_name, self.env)
        flow = DataFlowSnapshotClass(urn=flow_urn, aspects=[DataFlowInfoClass(name=job.job_name)])
        yield MetadataWorkUnit(id=flow_urn, mce=MetadataChangeEventClass(proposedSnapshot=flow))
        urn = job.job_snapshot.urn
        job.job_snapshot.aspects.append(
            DataJobInputOutputClass(
                inputDatasets=sorted({*job.input_datasets, *self._links.inputs(urn)}),
                outputDatasets=sorted({*job.output_datasets, *self._links.outputs(urn)}),
                inputDatajobs=sorted({*job.input_jobs, *self._links.preceding(urn)}),
            )
        )
        yield MetadataWorkUnit(id=urn, mce=MetadataChangeEventClass(proposedSnapshot=job.job_snapshot))
