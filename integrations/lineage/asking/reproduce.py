"""The request of CreateTrainingJob that would train a model again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from integrations.lineage.asking.found import described, nearest
from integrations.lineage.asking.questions import Walk
from integrations.lineage.asking.reaching import neighbours, places
from integrations.lineage.asking.roles import Role, role_of
from integrations.lineage.asking.training_action import request_of
from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.finding.named import find
from integrations.lineage.graph import Direction, Graph, Kind, Vertex
from integrations.lineage.text import visible

# The members of CreateTrainingJob's request that DescribeTrainingJob returns under the same names and in the same form.
# A test compares them with botocore's model.
SAME = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "DebugHookConfig",
    "DebugRuleConfigurations",
    "TensorBoardOutputConfig",
    "ExperimentConfig",
    "ProfilerConfig",
    "ProfilerRuleConfigurations",
    "Environment",
    "RetryStrategy",
    "RemoteDebugConfig",
    "InfraCheckConfig",
    "ServerlessJobConfig",
    "MlflowConfig",
    "ModelPackageConfig",
)
# Members that are written anew, or that no Describe call returns.
OTHERS = ("TrainingJobName", "Tags", "SessionChainingConfig")
REQUIRED = (
    "TrainingJobName",
    "AlgorithmSpecification",
    "RoleArn",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
)
_JOB = re.compile(r"arn:[^:]*:sagemaker:[^:]*:[^:]*:training-job/(.+)").fullmatch
_NAME_CHARS = 63
_NAME = re.compile(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}").fullmatch
_AGAIN = "-again"
_RESERVED_TAG = "aws:"


class Reproduction(Struct, frozen=True, kw_only=True):
    """A request, where it comes from, and one sentence for each value that the lineage does not hold."""

    request: Mapping[str, Any]
    origin: str
    gaps: tuple[str, ...]


def reproduce(store: Reads, walk: Walk, text: str, name: str | None = None) -> Reproduction:
    """Return the request that trains the model that `text` names again, as a new job called `name`.

    It is that of the nearest training job before the model. If there is none, the properties of the nearest training
    action are used: `training_image` or `algorithm`, `hyperparameters` as JSON, `instance_type`, and others.

    Raises `NotFound` if the entity does not exist, or no training leads to it; `Invalid` for a wrong name.
    """
    if name is not None and not _NAME(name):
        rule = f"a training job has 1 to {_NAME_CHARS} letters, digits and -, with a letter or digit at both ends"
        raise Invalid(f"the name {visible(name)} is not valid; {rule}")
    starts = find(store, text)
    graph = walk([vertex.arn for vertex in starts], Direction.UP)
    found = places(graph, Direction.UP)
    jobs = [described(store, vertex) for vertex in nearest(found, graph.vertices) if role_of(vertex) == Role.JOB]
    gone: list[str] = []
    for at, job in enumerate(jobs):
        if arn := _training_job(job):
            try:
                answer = store.training_job(arn[1])
            except NotFound:
                gone.append(f"{arn[0]} was deleted from SageMaker")
                continue
            equal = [other for other in jobs[at + 1 :] if found[other.arn].hops == found[job.arn].hops]
            return _of_job(store, answer, arn[0], name, _also(equal))
    for job in jobs:
        if job.kind == Kind.ACTION and "training" in job.type.casefold():
            inputs = [described(store, each) for each in _inputs(graph, job.arn)]
            request, gaps = request_of(job, inputs)
            request = {"TrainingJobName": name or _again(job.label), **request}
            return Reproduction(request=request, origin=job.arn, gaps=(*gone, *gaps, *_missing(request)))
    raise NotFound("\n".join([f"No training job or training action leads to {visible(text)}", *gone]))


def _inputs(graph: Graph, arn: str) -> list[Vertex]:
    sources = {*neighbours(graph.edges, Direction.UP).get(arn, ())}
    return [vertex for vertex in graph.vertices if vertex.arn in sources]


def _training_job(vertex: Vertex) -> tuple[str, str] | None:
    """Return the ARN and the name of the training job that an entity stands for."""
    source = (vertex.details.source_uri if vertex.details else None) or ""
    found = _JOB(source)
    return (source, found[1]) if found else None


def _also(jobs: Sequence[Vertex]) -> list[str]:
    """Return a sentence for each other training job that is as near."""
    return [f"{found[0]} is as near: reproduce it by its ARN" for job in jobs if (found := _training_job(job))]


def _of_job(store: Reads, job: Mapping[str, Any], arn: str, name: str | None, gaps: list[str]) -> Reproduction:
    request: dict[str, Any] = {
        "TrainingJobName": name or _again(str(job.get("TrainingJobName") or arn.rsplit("/", 1)[-1]))
    }
    request |= {member: job[member] for member in SAME if job.get(member) not in (None, {}, [])}
    try:
        tags = [(key, value) for key, value in sorted(store.tags(arn).items()) if not key.startswith(_RESERVED_TAG)]
    except NotFound:
        tags = []
        gaps = [*gaps, "Tags: the tags of the job cannot be read"]
    request |= {"Tags": [{"Key": key, "Value": value} for key, value in tags]} if tags else {}
    if _names_algorithm(request):
        request["AlgorithmSpecification"] = _without_defaults(request["AlgorithmSpecification"])
    return Reproduction(request=request, origin=arn, gaps=(*gaps, *_missing(request)))


def _names_algorithm(request: Mapping[str, Any]) -> bool:
    specification = request.get("AlgorithmSpecification", {})
    return "AlgorithmName" in specification and "TrainingImage" in specification


def _without_defaults(specification: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specification without its image: CreateTrainingJob takes an image or an algorithm, not both."""
    return {member: value for member, value in specification.items() if member != "TrainingImage"}


def _missing(request: Mapping[str, Any]) -> list[str]:
    return [f"{member}: the lineage does not hold it" for member in REQUIRED if member not in request]


def _again(name: str) -> str:
    """Return a new name: SageMaker refuses the name of a job that exists."""
    clean = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-") or "training"
    return clean[: _NAME_CHARS - len(_AGAIN)].rstrip("-") + _AGAIN
