"""A table of SageMaker's entities, and its answers: 10 a page unless asked for more, as AWS does.

The shapes of botocore name the fields of an answer, so a field of another operation never appears in it.
"""

from collections.abc import Callable
from typing import Any

import botocore.session

Document = dict[str, Any]
DEFAULT_PAGE_SIZE = 10

MODEL = botocore.session.get_session().get_service_model("sagemaker")
# The list operation: the kind of entity, and the list in the answer.
_LISTS = {
    "ListEndpoints": ("Endpoint", "Endpoints"),
    "ListModels": ("Model", "Models"),
    "ListModelPackageGroups": ("ModelPackageGroup", "ModelPackageGroupSummaryList"),
    "ListModelPackages": ("ModelPackage", "ModelPackageSummaryList"),
    "ListInferenceComponents": ("InferenceComponent", "InferenceComponents"),
    "ListFeatureGroups": ("FeatureGroup", "FeatureGroupSummaries"),
    "ListPipelines": ("Pipeline", "PipelineSummaries"),
    "ListMonitoringSchedules": ("MonitoringSchedule", "MonitoringScheduleSummaries"),
    "ListAutoMLJobs": ("AutoMLJob", "AutoMLJobSummaries"),
    "ListCompilationJobs": ("CompilationJob", "CompilationJobSummaries"),
    "ListHyperParameterTuningJobs": ("HyperParameterTuningJob", "HyperParameterTuningJobSummaries"),
    "ListLabelingJobs": ("LabelingJob", "LabelingJobSummaryList"),
    "ListProcessingJobs": ("ProcessingJob", "ProcessingJobSummaries"),
    "ListTrainingJobs": ("TrainingJob", "TrainingJobSummaries"),
    "ListTransformJobs": ("TransformJob", "TransformJobSummaries"),
    "ListActions": ("Action", "ActionSummaries"),
    "ListArtifacts": ("Artifact", "ArtifactSummaries"),
    "ListContexts": ("Context", "ContextSummaries"),
    "ListAssociations": ("Association", "AssociationSummaries"),
    "ListPipelineExecutions": ("PipelineExecution", "PipelineExecutionSummaries"),
    "ListPipelineExecutionSteps": ("PipelineExecutionStep", "PipelineExecutionSteps"),
}
_DESCRIBES = {
    **{f"Describe{kind}": (kind, f"{kind}Name") for kind in ("EndpointConfig", *(kind for kind, _ in _LISTS.values()))},
    "DescribeAutoMLJobV2": ("AutoMLJob", "AutoMLJobName"),
}
_FILTERS = ("ActionType", "ContextType", "SourceArn", "DestinationArn", "PipelineName", "PipelineExecutionArn")
# For these SageMaker says ValidationException if the entity does not exist, for others ResourceNotFound.
_VALIDATED = {"Endpoint", "EndpointConfig", "Model", "TrainingJob"}


class Refused(Exception):
    """An error that SageMaker answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Table:
    """The entities of an account. `answers` replaces the answers of whole operations.

    `feature_page_size` is the number of features in an answer of DescribeFeatureGroup. SageMaker takes 2,500.
    """

    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Document]] = {}
        self.answers: dict[str, Callable[[Document], Document]] = {}
        self.feature_page_size = 2500

    def add(self, kind: str, document: Document) -> Document:
        """Add an entity, as in `add("Endpoint", {"EndpointName": "churn", ...})`; its ARN is made if it has none."""
        name = document.get(f"{kind}Name") or document.get(f"{kind}Arn") or str(len(self.entities.get(kind, {})))
        resource = {"AutoMLJob": "automl-job", "InferenceComponent": "inference-component"}.get(kind, _dashed(kind))
        document = {f"{kind}Arn": f"arn:aws:sagemaker:eu-west-1:123456789012:{resource}/{name}"} | document
        self.entities.setdefault(kind, {})[name] = document
        return document

    def remove(self, kind: str, name: str) -> None:
        """Remove an entity."""
        del self.entities[kind][name]

    def serves(self, operation: str) -> bool:
        """Tell whether the table has an answer, other than that there are none."""
        kind = (_LISTS.get(operation) or _DESCRIBES.get(operation) or ("", ""))[0]
        return operation in self.answers or bool(self.entities.get(kind))

    def answer(self, operation: str, parameters: Document) -> Document:
        """Return the answer. Raises `Refused`."""
        if operation in self.answers:
            return self.answers[operation](parameters)
        if operation in _LISTS:
            return self._listed(operation, *_LISTS[operation], parameters)
        if operation == "DescribeFeatureGroup":
            return self.feature_group(parameters)
        if operation in _DESCRIBES:
            return _fields(operation, self._entity(*_DESCRIBES[operation], parameters))
        if operation == "Search":
            return self._searched(parameters)
        if operation == "ListTags":
            return {"Tags": self._tags(parameters["ResourceArn"])}
        raise Refused("UnknownOperationException", operation)

    def _listed(self, operation: str, kind: str, items: str, parameters: Document) -> Document:
        member = _members(operation)[items].member
        found = [
            {key: value for key, value in each.items() if key in member.members}
            for each in self.entities.get(kind, {}).values()
            if all(each.get(name) == parameters[name] for name in _FILTERS if name in parameters)
        ]
        if kind == "ModelPackage" and parameters.get("ModelPackageType") != "Both":
            found = [each for each in found if "ModelPackageGroupName" not in each]
        if parameters.get("SortOrder") == "Descending":
            found.reverse()
        return _page(items, found, parameters)

    def _entity(self, kind: str, key: str, parameters: Document) -> Document:
        name = parameters[key]
        for each in self.entities.get(kind, {}).values():
            if name in (each.get(key), each[f"{kind}Arn"]):
                return each
        code = "ValidationException" if kind in _VALIDATED else "ResourceNotFound"
        raise Refused(code, f'Could not find {_dashed(kind)} "{name}".')

    def feature_group(self, parameters: Document) -> Document:
        """Return a page of a feature group."""
        entity = self._entity("FeatureGroup", "FeatureGroupName", parameters)
        if not isinstance(entity.get("FeatureDefinitions"), list):
            return _fields("DescribeFeatureGroup", entity)
        size = {"MaxResults": self.feature_page_size}
        return entity | _page("FeatureDefinitions", entity["FeatureDefinitions"], parameters | size)

    def _searched(self, parameters: Document) -> Document:
        kind = parameters["Resource"]
        found = [{kind: {kind: each} if kind == "Model" else each} for each in self.entities.get(kind, {}).values()]
        return _page("Results", found, parameters)

    def _tags(self, arn: str) -> list[Document]:
        for kind, entities in self.entities.items():
            for each in entities.values():
                if each.get(f"{kind}Arn") == arn:
                    tags: list[Document] = each.get("Tags", [])
                    return tags
        raise Refused("ValidationException", f"Could not find {arn}")


def _fields(operation: str, document: Document) -> Document:
    members = _members(operation)
    return {key: value for key, value in document.items() if key in members}


def _members(operation: str) -> Any:
    shape: Any = MODEL.operation_model(operation).output_shape
    return shape.members


def _page(items: str, found: list[Document], parameters: Document) -> Document:
    start, size = int(parameters.get("NextToken", 0)), int(parameters.get("MaxResults", DEFAULT_PAGE_SIZE))
    page: Document = {items: found[start : start + size]}
    return page | ({"NextToken": str(start + size)} if start + size < len(found) else {})


def _dashed(kind: str) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in kind).removeprefix("-")
