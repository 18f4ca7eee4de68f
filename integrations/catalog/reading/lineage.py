"""SageMaker's own lineage, read only where descriptions have no link; models are matched by the address of their data.

An image is no evidence: many models share one.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/lineage-tracking-entities.html
"""

from collections.abc import Iterator

from integrations.catalog.reading.calls import Calls
from integrations.catalog.reading.operations import LIST_ACTIONS, LIST_ARTIFACTS, LIST_ASSOCIATIONS, LIST_CONTEXTS
from integrations.catalog.values import Deployed, Document, Grouped


class Lineage:
    """Finds the model data that are deployed on an endpoint, or belong to a model package group."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known_artifacts: dict[str, str] | None = None

    def deployed(self, endpoint_arns: set[str]) -> Iterator[Deployed]:
        """Yield the model data of these endpoints, whose configurations cannot be read."""
        contexts = self._sources(LIST_CONTEXTS, "ContextSummaries", "ContextArn", ContextType="Endpoint")
        for action in self._calls.items(LIST_ACTIONS, "ActionSummaries", ActionType="ModelDeployment"):
            if action.get("ActionType") == "ModelDeployment" and "ActionArn" in action:
                targets = self._associations(SourceArn=action["ActionArn"])
                endpoints = {contexts.get(str(each.get("DestinationArn")), "") for each in targets} & endpoint_arns
                for uri in self._model_data(action["ActionArn"]) if endpoints else ():
                    yield from (Deployed(endpoint, uri) for endpoint in sorted(endpoints))

    def grouped(self, group_arns: set[str]) -> Iterator[Grouped]:
        """Yield the model data whose packages are in these groups."""
        contexts = self._sources(LIST_CONTEXTS, "ContextSummaries", "ContextArn", ContextType="ModelGroup")
        for context, group in contexts.items():
            if group in group_arns:
                for package in self._associations(DestinationArn=context):
                    if package.get("SourceType") == "Model" and "SourceArn" in package:
                        yield from (Grouped(group, uri) for uri in self._model_data(package["SourceArn"]))

    def _model_data(self, arn: str) -> Iterator[str]:
        """Yield the addresses of the model artifacts that lead to an entity of the lineage."""
        for each in self._associations(DestinationArn=arn):
            uri = self._artifacts.get(str(each.get("SourceArn")))
            if each.get("SourceType") == "Model" and uri:
                yield uri

    @property
    def _artifacts(self) -> dict[str, str]:
        """The addresses of artifacts by their ARNs, listed once."""
        if self._known_artifacts is None:
            self._known_artifacts = self._sources(LIST_ARTIFACTS, "ArtifactSummaries", "ArtifactArn")
        return self._known_artifacts

    def _sources(self, operation: str, items: str, arn: str, **filters: str) -> dict[str, str]:
        return {
            str(each.get(arn)): str(source.get("SourceUri") or "")
            for each in self._calls.items(operation, items, **filters)
            if isinstance(source := each.get("Source"), dict)
        }

    def _associations(self, **parameters: str) -> Iterator[Document]:
        return self._calls.items(LIST_ASSOCIATIONS, "AssociationSummaries", **parameters)
