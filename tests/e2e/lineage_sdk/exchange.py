"""SageMaker's SDK as the other client of the same entities: `python exchange.py write|read|change|delete`.

The standard input has the ARNs or names that the command is about; the output is JSON.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.lineage.action import Action
from sagemaker.core.lineage.artifact import Artifact
from sagemaker.core.lineage.association import Association
from sagemaker.core.lineage.context import Context

SESSION = Session()


def write(_: Any) -> dict[str, str]:
    """Create one entity of each kind, tags and associations."""
    data = Artifact.create(
        artifact_name="sdk-data",
        artifact_type="DataSet",
        source_uri="s3://sdk/data",
        source_types=[{"SourceIdType": "S3ETag", "Value": "etag"}],
        properties={"rows": "7", "columns": "3"},
        sagemaker_session=SESSION,
    )
    train = Action.create(
        action_name="sdk-train",
        action_type="ModelTraining",
        source_uri="s3://sdk/train",
        source_type="S3",
        status="InProgress",
        description="trains",
        properties={"epochs": "5"},
        sagemaker_session=SESSION,
    )
    flow = Context.create(
        context_name="sdk-flow",
        context_type="Workflow",
        source_uri="s3://sdk/flow",
        properties={"team": "a"},
        sagemaker_session=SESSION,
    )
    data.set_tag({"Key": "team", "Value": "a"})
    ends = data.artifact_arn, train.action_arn, flow.context_arn
    for source, destination in (ends[:2], ends[1:]):
        Association.create(source, destination, "ContributedTo", sagemaker_session=SESSION)
    return dict(zip(("data", "train", "flow"), ends, strict=True))


def _load(arns: dict[str, str]) -> tuple[Artifact, Action, Context]:
    return (
        Artifact.load(arns["data"], sagemaker_session=SESSION),
        Action.load(arns["train"].split("/")[-1], sagemaker_session=SESSION),
        Context.load(arns["flow"].split("/")[-1], sagemaker_session=SESSION),
    )


def read(arns: dict[str, str]) -> dict[str, Any]:
    """Return the values of the entities, and the ends of the associations from the first two."""
    data, train, flow = _load(arns)
    return {
        "data": [data.artifact_name, data.artifact_type, data.source.source_uri, data.properties],
        "train": [train.action_name, train.status, train.description, train.properties],
        "flow": [flow.context_name, flow.context_type, flow.source.source_uri, flow.properties],
        "links": [
            [each.destination_name, each.association_type]
            for source in (data.artifact_arn, train.action_arn)
            for each in Association.list(source_arn=source, sagemaker_session=SESSION)
        ],
    }


def change(arns: dict[str, str]) -> None:
    """Change properties, status and description."""
    data, train, flow = _load(arns)
    data.properties, data.properties_to_remove = {**data.properties, "rows": "8"}, []
    train.status, train.description = "Completed", "trained"
    flow.properties = {**flow.properties, "by": "sdk"}
    for entity in (data, train, flow):
        entity.save()


def delete(arns: dict[str, str]) -> None:
    """Delete the entities with their associations."""
    for entity in _load(arns):
        entity.delete(disassociate=True)


COMMANDS: dict[str, Callable[[Any], object]] = {"write": write, "read": read, "change": change, "delete": delete}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](json.load(sys.stdin))))
