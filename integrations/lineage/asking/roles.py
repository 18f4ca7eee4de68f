"""The part that an entity plays in a workflow, by its kind, its free type and its source, never by its name.

Types that SageMaker writes: Checkpoint, DataSet, Endpoint, Image, Model, ModelData, ModelDeployment, ModelGroup,
ModelReplaced, TensorBoard, TrainingJob, Approval, ProcessingJob, TransformJob. People write others.
"""

import re
from enum import IntEnum

from integrations.lineage.graph import Direction, Kind, Vertex


class Role(IntEnum):
    """The parts of a workflow. An entity with a smaller number comes before those with larger ones."""

    DATA = 0
    IMAGE = 1
    JOB = 2
    MODEL = 3
    PACKAGE = 4
    DEPLOYMENT = 5
    ENDPOINT = 6
    MONITOR = 7


_DATA = {"testdata", "testlabels", "traindata", "trainlabels"}
_JOBS = {"trainingjob", "processingjob", "transformjob", "training", "processing", "transform", "modelbuild"}
_BY_TYPE = {
    (Kind.ARTIFACT, "image"): Role.IMAGE,
    (Kind.ARTIFACT, "model"): Role.MODEL,
    (Kind.ARTIFACT, "modelpackage"): Role.PACKAGE,
    (Kind.ARTIFACT, "monitoredmodel"): Role.MONITOR,
    (Kind.ACTION, "datacaptureforwarding"): Role.MONITOR,
    (Kind.ACTION, "approval"): Role.DEPLOYMENT,
    (Kind.ACTION, "modeldeployment"): Role.DEPLOYMENT,
    (Kind.ACTION, "deployment"): Role.DEPLOYMENT,
    (Kind.CONTEXT, "endpoint"): Role.ENDPOINT,
}
_PACKAGE_ARN = re.compile(r"arn:[^:]*:sagemaker:[^:]*:[^:]*:model-package/[^/]+(?:/\d+)?").fullmatch


def role_of(vertex: Vertex) -> Role | None:
    """Return the role of an entity, or `None` if its type says none. Upper and lower case do not matter."""
    if vertex.kind == Kind.TRIAL_COMPONENT:
        return Role.JOB
    kind = vertex.type.casefold()
    role = _BY_TYPE.get((vertex.kind, kind))
    if role == Role.MODEL and is_package(vertex):
        return Role.PACKAGE
    if role is None and vertex.kind == Kind.ARTIFACT and ("dataset" in kind or kind in _DATA):
        return Role.DATA
    if role is None and vertex.kind == Kind.ACTION and kind in _JOBS:
        return Role.JOB
    return role


def is_model(vertex: Vertex) -> bool:
    """Return whether an entity is a model: an artifact of a model, or of a model package."""
    return role_of(vertex) in (Role.MODEL, Role.PACKAGE)


def is_package(vertex: Vertex) -> bool:
    """Return whether an entity is known to be a model package. SageMaker gives packages the type Model."""
    return package_arn(vertex) is not None


def package_arn(vertex: Vertex) -> str | None:
    """Return the ARN of the model package that an artifact or an action has as its source."""
    source = vertex.details.source_uri if vertex.details else None
    return source if source and _PACKAGE_ARN(source) else None


def is_approval(vertex: Vertex) -> bool:
    """Return whether an entity is the approval of a model package."""
    return vertex.kind == Kind.ACTION and vertex.type.casefold() == "approval"


def is_deployment(vertex: Vertex) -> bool:
    """Return whether an entity is the deployment of models to an endpoint."""
    return vertex.kind == Kind.ACTION and vertex.type.casefold() == "modeldeployment"


def direction_to(wanted: Role | None, start: Vertex) -> Direction:
    """Return the direction in which entities of a role lie, seen from a start.

    Data sets come before jobs, and also after endpoints and jobs, which write some. So both sides of them are read.
    """
    own = role_of(start)
    if wanted is None or own is None or own in (Role.DATA, wanted):
        return Direction.THROUGH
    return Direction.UP if wanted < own else Direction.DOWN
