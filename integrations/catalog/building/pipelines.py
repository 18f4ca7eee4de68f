"""Pipelines: a flow a pipeline, and a job a step, from the pipeline's definition.

Source: https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from integrations.catalog.building import keys
from integrations.catalog.building.parts import Parts, owners_of, shown, tags_of
from integrations.catalog.nodes import Edge, EdgeKind, Node, Problem, Severity, Subtype
from integrations.catalog.values import Estate, Pipeline

# Steps lie in steps: conditions have branches. No real definition is deeper than this.
_MAX_DEPTH = 20
_BRANCHES = ("IfSteps", "ElseSteps")


class Step(Struct, frozen=True):
    """A step, and the names of the steps before it. Those steps may not exist."""

    name: str
    kind: str
    before: tuple[str, ...]
    display_name: str = ""
    description: str = ""


def pipelines(estate: Estate) -> Parts:
    """Yield every pipeline with its steps, and edges to the jobs that these started.

    A definition that cannot be read is a problem, and its pipeline stays.
    """
    for each in estate.pipelines:
        yield _pipeline(each, estate)
        if not each.pipeline_definition:
            continue
        try:
            steps = list(steps_of(each.pipeline_definition))
        except ValueError as error:
            title, advice = "Pipeline definition cannot be read", "its steps are left out; correct the definition"
            yield Problem(Severity.WARNING, title, each.pipeline_name, advice, str(error))
            continue
        yield from _steps(each, steps)
    jobs = {each.arn: keys.job(each) for each in estate.jobs}
    for started in estate.started:
        if started.job_arn in jobs:
            yield Edge(keys.step(started.pipeline, started.step), jobs[started.job_arn], EdgeKind.PRECEDES)


def _pipeline(pipeline: Pipeline, estate: Estate) -> Node:
    return Node(
        key=keys.pipeline(pipeline.pipeline_name),
        label=pipeline.pipeline_display_name or pipeline.pipeline_name,
        subtype=Subtype.PIPELINE,
        description=pipeline.pipeline_description,
        created=pipeline.creation_time,
        properties=shown({"PipelineArn": pipeline.pipeline_arn, "PipelineStatus": pipeline.pipeline_status}),
        tags=tags_of(estate, pipeline.pipeline_arn),
        owners=owners_of(pipeline.created_by),
    )


def _steps(pipeline: Pipeline, steps: list[Step]) -> Parts:
    for step in steps:
        key = keys.step(pipeline.pipeline_name, step.name)
        yield Node(
            key=key,
            label=step.display_name or step.name,
            subtype=Subtype.STEP,
            description=step.description,
            properties=shown({"StepType": step.kind, "PipelineName": pipeline.pipeline_name}),
        )
        for name in step.before:
            if name != step.name:
                yield Edge(keys.step(pipeline.pipeline_name, name), key, EdgeKind.PRECEDES)


def steps_of(definition: str) -> Iterator[Step]:
    """Yield the steps of a definition, those in conditions too. Raises `ValueError` for any other text."""
    try:
        document = json.loads(definition)
    except (ValueError, RecursionError):
        raise ValueError("the definition is not JSON") from None
    steps = document.get("Steps") if isinstance(document, dict) else None
    if steps is None:
        raise ValueError("the definition has no list of Steps")
    yield from _in(steps, (), 0)


def _in(listed: Any, outer: tuple[str, ...], depth: int) -> Iterator[Step]:
    if depth > _MAX_DEPTH:
        raise ValueError(f"the definition has steps in steps, more than {_MAX_DEPTH} deep")
    if not isinstance(listed, list | None):
        raise ValueError("the definition has Steps that are no list")  # noqa: TRY004 - a wrong text, not a wrong type
    for item in listed or ():
        if not isinstance(item, dict) or not isinstance(item.get("Name"), str) or not item["Name"]:
            raise ValueError("the definition has a step without a name")
        arguments = item.get("Arguments")
        yield Step(
            name=item["Name"],
            kind=_text(item.get("Type")),
            before=tuple(dict.fromkeys([*outer, *_named(item.get("DependsOn")), *_referred(arguments)])),
            display_name=_text(item.get("DisplayName")),
            description=_text(item.get("Description")),
        )
        if isinstance(arguments, dict):
            for branch in _BRANCHES:
                yield from _in(arguments.get(branch), (item["Name"],), depth + 1)


def _named(listed: Any) -> list[str]:
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def _referred(arguments: Any) -> Iterator[str]:
    """Yield the steps whose results the arguments use: `{"Get": "Steps.Train.ModelArtifacts"}`. Branches are left out.

    SageMaker derives an order of steps from such a reference, as from DependsOn.
    """
    top = arguments if isinstance(arguments, dict) else {}
    following = [value for key, value in top.items() if key not in _BRANCHES]
    while following:
        value = following.pop()
        if isinstance(value, list):
            following += value
        elif isinstance(value, dict):
            reference = value.get("Get")
            if isinstance(reference, str) and reference.startswith("Steps."):
                yield reference.split(".")[1].partition("[")[0]
            following += value.values()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
