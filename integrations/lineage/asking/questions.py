"""Questions about lineage. Each is one walk from a start in one direction, and a filter on kinds and types."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from integrations.lineage.asking.found import Found, described, found_sheet, nearest
from integrations.lineage.asking.reaching import Place, places
from integrations.lineage.asking.roles import Role, direction_to, is_approval, is_model, package_arn, role_of
from integrations.lineage.errors import NotFound
from integrations.lineage.finding.endpoints import Reads
from integrations.lineage.finding.named import find, of_source
from integrations.lineage.graph import Direction, Graph, Kind, Vertex
from integrations.lineage.render.sheet import Sheet

Walk = Callable[[Sequence[str], Direction], Graph]
"""Returns the whole lineage from some starts in one direction, with its edges."""

PIPELINE_TAG = "sagemaker:pipeline-execution-arn"
_PIPELINE_PROPERTY = "PipelineExecutionArn"


class Question(StrEnum):
    """The questions of `ask`."""

    MODELS = "models-of"
    ENDPOINTS = "endpoints-of"
    DATASETS = "datasets-of"
    JOBS = "jobs-of"
    PIPELINE = "pipeline-of"
    ACTIONS = "actions-of"
    TRIALS = "trials-of"
    IMAGES = "images-of"
    PACKAGE = "package-of"


class Answer(Struct, frozen=True, kw_only=True):
    """The answer to a question: entities with their details, the nearest first."""

    question: Question
    starts: tuple[str, ...]
    direction: Direction
    found: tuple[Found, ...]

    def sheet(self) -> Sheet:
        """Return one row for each entity."""
        return found_sheet(
            f"{self.question.value.capitalize()} {', '.join(self.starts)}: {len(self.found)}", self.found
        )


def ask(store: Reads, walk: Walk, question: Question, text: str, direction: Direction | None = None) -> Answer:
    """Return the answer to a question about the entities that `text` names.

    Args:
        store: Answers the calls.
        walk: Reads the lineage.
        question: What to look for.
        text: An ARN, a name or a URI.
        direction: Where to look; by default the side on which SageMaker writes such entities.

    Raises:
        NotFound: No entity has this ARN, name or URI.
        TooLarge, TimedOut: The lineage is larger than the caps of `walk`.
    """
    starts = _with_package(store, question, find(store, text))
    chosen = direction or direction_to(_ROLES[question], starts[0])
    graph = walk([vertex.arn for vertex in starts], chosen)
    known = {vertex.arn: vertex for vertex in starts}
    found = _FINDERS.get(question, _entities(question))(store, graph, places(graph, chosen), known)
    return Answer(question=question, starts=graph.starts, direction=chosen, found=tuple(found))


def _with_package(store: Reads, question: Question, starts: tuple[Vertex, ...]) -> tuple[Vertex, ...]:
    """Return the starts, and for an approval also the package that it approves: its source.

    No association from an approval on is documented. So the package is not looked for along the edges.
    """
    packages = {arn for vertex in starts if is_approval(vertex) and (arn := package_arn(vertex))}
    if question == Question.ACTIONS or not packages:
        return starts
    return (*(each for arn in sorted(packages) for each in of_source(store, arn) if is_model(each)), *starts)


_Finder = Callable[[Reads, Graph, Mapping[str, Place], Mapping[str, Vertex]], Iterator[Found]]


def _entities(question: Question) -> _Finder:
    def finder(
        store: Reads, graph: Graph, places_: Mapping[str, Place], starts: Mapping[str, Vertex]
    ) -> Iterator[Found]:
        for bare in nearest(places_, graph.vertices):
            if bare.arn not in starts and _MATCHES[question](bare):
                yield Found.of(described(store, bare), places_[bare.arn])

    return finder


def _packages(
    store: Reads, graph: Graph, places_: Mapping[str, Place], starts: Mapping[str, Vertex]
) -> Iterator[Found]:
    """Yield the starts that are packages, else all packages. Only its source shows that a model is a package."""
    own = [vertex for vertex in starts.values() if role_of(vertex) == Role.PACKAGE]
    models = own or [vertex for vertex in nearest(places_, graph.vertices) if is_model(vertex)]
    for bare in models:
        vertex = described(store, bare)
        if role_of(vertex) == Role.PACKAGE:
            yield Found.of(vertex, places_[vertex.arn])


def _pipelines(
    store: Reads, graph: Graph, places_: Mapping[str, Place], starts: Mapping[str, Vertex]
) -> Iterator[Found]:
    """Yield the executions of pipelines that the jobs' tags and the package groups' properties name, each once."""
    seen: set[str] = set()
    for bare in nearest(places_, graph.vertices):
        if bare.kind not in (Kind.TRIAL_COMPONENT, Kind.CONTEXT):
            continue
        vertex = starts.get(bare.arn) or described(store, bare)
        for execution in _executions(store, vertex):
            if execution not in seen:
                seen.add(execution)
                yield _name_found(execution, "PipelineExecution", places_[bare.arn])


def _executions(store: Reads, vertex: Vertex) -> Iterator[str]:
    if not vertex.details:
        return
    if execution := vertex.details.properties.get(_PIPELINE_PROPERTY):
        yield execution
    if vertex.kind == Kind.TRIAL_COMPONENT and vertex.details.source_uri:
        try:
            tags = store.tags(vertex.details.source_uri)
        except NotFound:  # the job was deleted
            return
        if execution := tags.get(PIPELINE_TAG):
            yield execution


def _trials(store: Reads, graph: Graph, places_: Mapping[str, Place], _: Mapping[str, Vertex]) -> Iterator[Found]:
    seen: set[str] = set()
    for vertex in nearest(places_, graph.vertices):
        if vertex.kind == Kind.TRIAL_COMPONENT:
            for name in sorted(set(store.trials(vertex.arn)) - seen):
                seen.add(name)
                yield _name_found(name, "Trial", places_[vertex.arn])


def _name_found(name: str, kind: str, place: Place) -> Found:
    return Found(name=name, type=kind, direction=place.direction, hops=place.hops)


_ROLES: Mapping[Question, Role | None] = {
    Question.MODELS: Role.MODEL,
    Question.ENDPOINTS: Role.ENDPOINT,
    Question.DATASETS: Role.DATA,
    Question.JOBS: Role.JOB,
    Question.PIPELINE: Role.JOB,
    Question.ACTIONS: None,
    Question.TRIALS: Role.JOB,
    Question.IMAGES: Role.IMAGE,
    Question.PACKAGE: Role.PACKAGE,
}
_MATCHES: Mapping[Question, Callable[[Vertex], bool]] = {
    Question.MODELS: is_model,
    Question.ENDPOINTS: lambda vertex: role_of(vertex) == Role.ENDPOINT,
    Question.DATASETS: lambda vertex: role_of(vertex) == Role.DATA,
    Question.JOBS: lambda vertex: role_of(vertex) == Role.JOB,
    Question.ACTIONS: lambda vertex: vertex.kind == Kind.ACTION,
    Question.IMAGES: lambda vertex: role_of(vertex) == Role.IMAGE,
}
_FINDERS: Mapping[Question, _Finder] = {
    Question.PIPELINE: _pipelines,
    Question.TRIALS: _trials,
    Question.PACKAGE: _packages,
}
