"""The one adapter to AWS: SageMaker's lineage calls through boto3."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from integrations.lineage import answers
from integrations.lineage.arns import id_of
from integrations.lineage.calls import call, client
from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.ports import Change, Link, LinksListed, Listed, NewEntity, Page, Query

_LIST_PAGE = 100
_NOUNS = {
    Kind.ARTIFACT: "artifact",
    Kind.ACTION: "action",
    Kind.CONTEXT: "context",
    Kind.TRIAL_COMPONENT: "trial_component",
}


class SageMaker:
    """Reads and writes lineage in one account and region. It implements the protocols of `ports`.

    Args:
        region: The region; by default that of the profile or the environment.
        profile: The profile of the AWS configuration.
        endpoint_url: The address of SageMaker's API; by default AWS's, or that of AWS_ENDPOINT_URL_SAGEMAKER.
        boto3_client: A client to use in place of a new one.
        sleep: Waits for some seconds.

    Every method raises the errors of `errors`, and boto3's own errors if AWS cannot be reached.
    """

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        *,
        boto3_client: Any = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = boto3_client or client(region, profile, endpoint_url)
        self._sleep = sleep
        # The ARNs, names and associations that this object has made.
        self._made: set[str] = set()

    @property
    def region(self) -> str:
        """Return the region of the client."""
        return str(self._client.meta.region_name)

    def query(self, query: Query) -> Page:
        """Return one page of QueryLineage."""
        return answers.page(self._call("query_lineage", **answers.query_request(query)))

    def list(self, kind: Kind, listed: Listed) -> Iterator[Vertex]:
        """Yield the entities of a kind over all pages."""
        request = answers.list_request(kind, listed)
        for each in self._pages(f"list_{_NOUNS[kind]}s", f"{kind}Summaries", _LIST_PAGE, request):
            yield answers.described(kind, each)

    def links(self, listed: LinksListed) -> Iterator[Link]:
        """Yield the associations over all pages."""
        request = answers.links_request(listed)
        for each in self._pages("list_associations", "AssociationSummaries", _LIST_PAGE, request):
            yield answers.link(each)

    def describe(self, arn_or_name: str, kind: Kind) -> Vertex:
        """Return an entity with all its details. Artifacts are described by ARN only."""
        noun = _NOUNS[kind]
        if kind == Kind.ARTIFACT:
            answer = self._call("describe_artifact", ArtifactArn=arn_or_name)
        elif kind == Kind.TRIAL_COMPONENT:
            answer = self._call("describe_trial_component", TrialComponentName=id_of(arn_or_name))
        else:
            answer = self._call(f"describe_{noun}", **{f"{kind}Name": arn_or_name})
        return answers.described(kind, answer)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of an entity or a job."""
        return {each["Key"]: each["Value"] for each in self._pages("list_tags", "Tags", None, {"ResourceArn": arn})}

    def trials(self, trial_component_arn: str) -> Iterator[str]:
        """Yield the names of the trials that a trial component belongs to."""
        only = {"Name": "TrialComponentArn", "Operator": "Equals", "Value": trial_component_arn}
        request = {"Resource": "ExperimentTrialComponent", "SearchExpression": {"Filters": [only]}}
        for found in self._pages("search", "Results", _LIST_PAGE, request):
            for parent in found.get("TrialComponent", {}).get("Parents", ()):
                yield parent["TrialName"]

    def training_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeTrainingJob's answer."""
        return self._described("describe_training_job", TrainingJobName=name)

    def processing_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeProcessingJob's answer."""
        return self._described("describe_processing_job", ProcessingJobName=name)

    def transform_job(self, name: str) -> Mapping[str, Any]:
        """Return DescribeTransformJob's answer."""
        return self._described("describe_transform_job", TransformJobName=name)

    def pipeline_steps(self, execution_arn: str) -> Iterator[Mapping[str, Any]]:
        """Yield the entries of ListPipelineExecutionSteps' answer."""
        request = {"PipelineExecutionArn": execution_arn}
        yield from self._pages("list_pipeline_execution_steps", "PipelineExecutionSteps", _LIST_PAGE, request)

    def model_package(self, arn: str) -> Mapping[str, Any]:
        """Return DescribeModelPackage's answer."""
        return self._described("describe_model_package", ModelPackageName=arn)

    def endpoint(self, name: str) -> Mapping[str, Any]:
        """Return DescribeEndpoint's answer."""
        return self._described("describe_endpoint", EndpointName=name)

    def endpoint_config(self, name: str) -> Mapping[str, Any]:
        """Return DescribeEndpointConfig's answer."""
        return self._described("describe_endpoint_config", EndpointConfigName=name)

    def model(self, name: str) -> Mapping[str, Any]:
        """Return DescribeModel's answer."""
        return self._described("describe_model", ModelName=name)

    def create(self, entity: NewEntity) -> str:
        """Create an entity and return its ARN."""
        answer = self._call(f"create_{_NOUNS[entity.kind]}", **answers.create_request(entity))
        arn = str(answer[f"{entity.kind}Arn"])
        self._made |= {arn, f"{entity.kind}Name={entity.name}"}
        return arn

    def update(self, change: Change) -> None:
        """Update an entity."""
        self._call(f"update_{_NOUNS[change.kind]}", **answers.update_request(change))

    def delete(self, vertex: Vertex) -> None:
        """Delete an entity that has no associations."""
        name = vertex.details.name if vertex.details else None
        self._made -= {vertex.arn, f"{vertex.kind}Name={name}"}
        self._call(f"delete_{_NOUNS[vertex.kind]}", **answers.identity(vertex.kind, vertex.arn, name))

    def link(self, edge: Edge) -> None:
        """Add an association."""
        typed = {"AssociationType": edge.type} if edge.type else {}
        self._call("add_association", SourceArn=edge.source, DestinationArn=edge.destination, **typed)
        self._made.add(f"{edge.source} {edge.destination}")

    def unlink(self, source: str, destination: str) -> None:
        """Delete an association."""
        ends = {"SourceArn": source, "DestinationArn": destination}
        call(lambda: self._client.delete_association(**ends), self._made, [f"{source} {destination}"], self._sleep)
        self._made.discard(f"{source} {destination}")

    def tag(self, arn: str, added: Mapping[str, str], removed: Sequence[str] = ()) -> None:
        """Remove tags, then add others: an entity with 50 tags has no room for one more."""
        if removed:
            self._call("delete_tags", ResourceArn=arn, TagKeys=[*removed])
        if added:
            self._call("add_tags", ResourceArn=arn, Tags=answers.tag_list(added))

    def approve_package(self, arn: str, status: str, note: str | None) -> None:
        """Set a model package's ModelApprovalStatus and ApprovalDescription."""
        noted = {"ApprovalDescription": note} if note else {}
        self._call("update_model_package", ModelPackageArn=arn, ModelApprovalStatus=status, **noted)

    def _pages(self, operation: str, entries: str, size: int | None, request: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the entries of all pages. Tokens are followed by hand, so that each page has its own retries."""
        sized = {"MaxResults": size} if size else {}
        token: dict[str, str] = {}
        while True:
            answer = self._call(operation, **request, **sized, **token)
            yield from answer.get(entries, ())
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _described(self, operation: str, **request: str) -> Mapping[str, Any]:
        return dict(self._call(operation, **request))

    def _call(self, operation: str, **request: Any) -> Any:
        method = getattr(self._client, operation)
        texts = {name: value for name, value in request.items() if isinstance(value, str)}
        named = [*request.get("StartArns", ()), *texts.values(), *(f"{name}={value}" for name, value in texts.items())]
        return call(lambda: method(**request), self._made, named, self._sleep)
