"""The entity that `lineage table` is about: that of an endpoint, a job, a package or a step of a pipeline."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.finding.endpoints import Reads, endpoint_contexts
from integrations.lineage.finding.lookups import check_lookups
from integrations.lineage.finding.named import find, of_source
from integrations.lineage.graph import Vertex
from integrations.lineage.text import visible


class Start(StrEnum):
    """The options of `lineage table`. Each is one way to name the entity."""

    ENDPOINT = "endpoint"
    TRAINING_JOB = "training-job"
    PROCESSING_JOB = "processing-job"
    TRANSFORM_JOB = "transform-job"
    MODEL_PACKAGE = "model-package"
    PIPELINE_STEP = "pipeline-step"
    ARN = "arn"


def start_of(store: Reads, start: Start, value: str) -> tuple[Vertex, ...]:
    """Return the entities that an option names, at least one.

    A step of a pipeline is written `EXECUTION_ARN/STEP`. Its job or package is looked up.

    Raises `NotFound` if there is none, `Invalid` if the value is malformed.
    """
    check_lookups(value)
    if start == Start.ENDPOINT:
        return endpoint_contexts(store, value)
    if start == Start.PIPELINE_STEP:
        return _of_step(store, value)
    if start == Start.ARN:
        return find(store, value)
    return _of(store, value if value.startswith("arn:") else _arn(store, start, value))


def _arn(store: Reads, start: Start, name: str) -> str:
    """Return the ARN of a job, or of the package, with a name."""
    match start:
        case Start.TRAINING_JOB:
            return str(store.training_job(name)["TrainingJobArn"])
        case Start.PROCESSING_JOB:
            return str(store.processing_job(name)["ProcessingJobArn"])
        case Start.TRANSFORM_JOB:
            return str(store.transform_job(name)["TransformJobArn"])
        case _:
            return str(store.model_package(name)["ModelPackageArn"])


def _of(store: Reads, source: str) -> tuple[Vertex, ...]:
    found = of_source(store, source)
    if not found:
        raise NotFound(
            f"{visible(source)} has no lineage; SageMaker writes it up to two minutes after the job has begun"
        )
    return found


def _of_step(store: Reads, value: str) -> tuple[Vertex, ...]:
    execution, _, name = value.rpartition("/")
    if not (execution.startswith("arn:") and "/execution/" in execution and name):
        raise Invalid(
            f"{visible(value)} is no step; write the ARN of the pipeline execution, a slash and the name of the step"
        )
    step = next((step for step in store.pipeline_steps(execution) if step.get("StepName") == name), None)
    if step is None:
        raise NotFound(f"The execution {visible(execution)} has no step {visible(name)}")
    arns = [*_arns(step.get("Metadata", {}))]
    found = tuple(vertex for arn in arns for vertex in of_source(store, arn))
    if not found:
        raise NotFound(f"The step {visible(name)} has no job or package with lineage")
    return found


def _arns(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ARNs that a step's metadata names: those of jobs, models and packages."""
    for entry in metadata.values():
        if isinstance(entry, Mapping) and isinstance(entry.get("Arn"), str):
            yield entry["Arn"]
