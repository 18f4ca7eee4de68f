"""Asks SageMaker's SDK, in an environment of its own, and prints its answers as JSON: the counts, or `error`.

The standard input is an object: for each question, the ARN, ARNs or name that it is about.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.lineage.action import ModelPackageApprovalAction
from sagemaker.core.lineage.artifact import Artifact, DatasetArtifact
from sagemaker.core.lineage.association import Association
from sagemaker.core.lineage.context import EndpointContext
from sagemaker.core.lineage.query import LineageQuery, LineageQueryDirectionEnum

SESSION = Session()
DOWN = LineageQueryDirectionEnum.DESCENDANTS


def descendants(starts: list[str], depth: int = 10) -> int:
    """Return how many vertices a query finds, the start included."""
    return len(LineageQuery(SESSION).query(starts, direction=DOWN, max_depth=depth).vertices)


def models_of_endpoint(name: str) -> int:
    """Return how many models an endpoint has, by the method that finds more of them."""
    endpoint = EndpointContext.load(name, sagemaker_session=SESSION)
    return max(len(endpoint.models()), len(endpoint.models_v2()))


def models_of_dataset(arn: str) -> int:
    """Return how many models were trained on a data set."""
    return len(DatasetArtifact.load(arn, sagemaker_session=SESSION).trained_models())


def package_of_approval(name: str) -> str:
    """Return the ARN of the package that an approval is about."""
    found = ModelPackageApprovalAction.load(name, sagemaker_session=SESSION).model_package()
    return str(found["ModelPackageArn"])


def edges_left_on_delete(arn: str) -> int:
    """Delete an artifact with its associations, and return how many of these are left."""
    try:
        Artifact.load(arn, sagemaker_session=SESSION).delete(disassociate=True)
    except ClientError:
        return len(list(Association.list(source_arn=arn, sagemaker_session=SESSION)))
    return 0


QUESTIONS: dict[str, Callable[[Any], object]] = {
    "wide": lambda start: descendants([start]),
    "long": lambda start: descendants([start], 25),
    "two starts": descendants,
    "models of an endpoint": models_of_endpoint,
    "models of a data set": models_of_dataset,
    "package of an approval": package_of_approval,
    "edges left on delete": edges_left_on_delete,
}


def main() -> None:
    """Answer each question of the standard input."""
    answers: dict[str, object] = {}
    for question, subject in json.load(sys.stdin).items():
        try:
            answers[question] = QUESTIONS[question](subject)
        except ClientError:
            answers[question] = "error"
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
