"""What a training action says about its training: the properties of the action, and the data and images before it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.lineage.asking.roles import Role, role_of
from integrations.lineage.graph import Vertex


def request_of(action: Vertex, inputs: Sequence[Vertex]) -> tuple[dict[str, Any], list[str]]:
    """Return the known members of CreateTrainingJob's request, and a sentence for each doubtful value.

    Args:
        action: The training action, with its properties.
        inputs: The entities with an association to the action, with their sources.
    """
    properties = action.details.properties if action.details else {}
    gaps: list[str] = []
    request: dict[str, Any] = {}
    if image := _image(properties, _sources(inputs, Role.IMAGE), gaps):
        request["AlgorithmSpecification"] = {"TrainingImage": image, "TrainingInputMode": "File"}
    if hyperparameters := _hyperparameters(properties.get("hyperparameters"), gaps):
        request["HyperParameters"] = hyperparameters
    if channels := _channels(_sources(inputs, Role.DATA), gaps):
        request["InputDataConfig"] = channels
    return request | _from_properties(properties), gaps


def _sources(inputs: Sequence[Vertex], role: Role) -> list[str]:
    found = [each.details.source_uri for each in inputs if role_of(each) == role and each.details]
    return list(dict.fromkeys(filter(None, found)))


def _image(properties: Mapping[str, str], images: Sequence[str], gaps: list[str]) -> str | None:
    if image := properties.get("training_image") or (images[0] if len(images) == 1 else None):
        return image
    algorithm = properties.get("algorithm")
    if algorithm and "/" in algorithm:
        return algorithm
    if algorithm:
        gaps.append(f"AlgorithmSpecification.TrainingImage: the lineage names the algorithm {algorithm}, not its image")
    return None


def _hyperparameters(text: str | None, gaps: list[str]) -> dict[str, str]:
    """Return hyperparameters as texts, as SageMaker takes them."""
    if not text:
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        gaps.append("HyperParameters: the property hyperparameters is no JSON object")
        return {}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _channels(datasets: Sequence[str], gaps: list[str]) -> list[dict[str, Any]]:
    uris = [uri for uri in datasets if uri.startswith("s3://")]
    if len(uris) > 1:
        gaps.append("InputDataConfig: the lineage does not name the channels; check their names")
    names = ["training"] if len(uris) == 1 else [f"channel-{number}" for number, _ in enumerate(uris, 1)]
    return [
        {"ChannelName": name, "DataSource": {"S3DataSource": _s3(uri)}} for name, uri in zip(names, uris, strict=True)
    ]


def _s3(uri: str) -> dict[str, str]:
    return {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}


def _from_properties(properties: Mapping[str, str]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if instance := properties.get("instance_type"):
        request["ResourceConfig"] = {
            "InstanceType": instance,
            "InstanceCount": _number(properties.get("instance_count"), 1),
            "VolumeSizeInGB": _number(properties.get("volume_size_gb"), 30),
        }
    if role := properties.get("role_arn"):
        request["RoleArn"] = role
    if output := properties.get("output_path"):
        request["OutputDataConfig"] = {"S3OutputPath": output}
    if max_secs := _number(properties.get("max_runtime_seconds"), 0):
        request["StoppingCondition"] = {"MaxRuntimeInSeconds": max_secs}
    return request


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else default
