"""The jobs that the steps of pipelines started, in the latest execution of each pipeline: two calls a pipeline.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStepMetadata.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

import jmespath

from integrations.catalog.reading.calls import CallFailed, Calls
from integrations.catalog.reading.describing import Describing
from integrations.catalog.reading.operations import LIST_EXECUTIONS, LIST_STEPS, PAGE_SIZE
from integrations.catalog.values import Pipeline, Started

_JOBS = jmespath.compile(
    "Metadata.[TrainingJob.Arn, ProcessingJob.Arn, TransformJob.Arn, TuningJob.Arn, AutoMLJob.Arn,"
    " QualityCheck.CheckJobArn, ClarifyCheck.CheckJobArn]"
)
_LATEST: dict[str, Any] = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 1}


def started(calls: Calls, describing: Describing, pipelines: Iterable[Pipeline]) -> Iterator[Started]:
    """Yield the jobs that the latest execution of each pipeline started, with their steps."""
    for found in describing.each([each.pipeline_name for each in pipelines], lambda name: list(_latest(calls, name))):
        yield from found


def _latest(calls: Calls, pipeline: str) -> Iterator[Started]:
    try:
        executions = calls.call(LIST_EXECUTIONS, pipeline, {"PipelineName": pipeline, **_LATEST})
        for arn in jmespath.search("PipelineExecutionSummaries[:1].PipelineExecutionArn", executions) or ():
            for page in calls.pages(LIST_STEPS, pipeline, PipelineExecutionArn=arn, MaxResults=PAGE_SIZE):
                for step in page.get("PipelineExecutionSteps") or ():
                    jobs = _JOBS.search(step) or ()  # a step that was not started has no metadata
                    yield from (Started(pipeline, str(step.get("StepName")), job) for job in jobs if job)
    except CallFailed:
        return
