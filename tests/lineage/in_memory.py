"""SageMaker's lineage in memory: the reference of the property tests. It counts calls, and fails where a test wants it."""
# ruff: noqa: D102 - the protocols describe the methods

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableSequence, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

from msgspec.structs import replace

from integrations.lineage.errors import AlreadyExists, Invalid, NotFound
from integrations.lineage.graph import Details, Edge, Kind, Vertex
from integrations.lineage.ports import Change, Link, LinksListed, Listed, NewEntity, Page, Query
from tests.lineage.in_memory_graph import WalkedGraph, fits, link_fits, sort_key

ACCOUNT = "123456789012"
_PLACES = {
    Kind.ARTIFACT: "artifact",
    Kind.ACTION: "action",
    Kind.CONTEXT: "context",
    Kind.TRIAL_COMPONENT: "experiment-trial-component",
}
WRITES = {"create", "update", "delete", "link", "unlink", "tag", "approve_package"}


class InMemory(WalkedGraph):
    """Implements the protocols of `ports`. Entities are created one second apart.

    Args:
        page_size: The vertices of a page of `query`.
        edges_alone: Edges come in pages of their own, after the vertices, and not with their vertices.
        begin: The time before the first creation.
        before: Is called with the name of every call; what it raises, the call raises. With `after_writes` it is
            called when a write is done.
    """

    def __init__(
        self,
        *,
        page_size: int = 50,
        edges_alone: bool = False,
        begin: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        before: Callable[[str], None] = lambda _: None,
        after_writes: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(page_size=page_size, edges_alone=edges_alone, begin=begin)
        self.before = before
        self.after_writes = after_writes
        self.calls: Counter[str] = Counter()
        self.queries: MutableSequence[Query] = []
        self.tagged: dict[str, dict[str, str]] = {}
        self.answers: dict[tuple[str, str], Mapping[str, Any]] = {}
        """Answers of DescribeTrainingJob and others, by method and name."""
        self.trials_of: dict[str, list[str]] = {}
        self._snapshot: Sequence[Page] = ()

    @property
    def writes(self) -> int:
        """Return how many writes were called."""
        return sum(count for name, count in self.calls.items() if name in WRITES)

    def put(self, vertex: Vertex) -> str:
        """Store a vertex under its own ARN, as SageMaker does by itself, and count no call."""
        self.vertices[vertex.arn] = vertex
        return vertex.arn

    def add(self, kind: Kind, type: str, name: str | None = None, source_uri: str | None = None, **more: Any) -> str:  # noqa: A002
        """Create an entity for a test, and count no call."""
        source = source_uri or f"s3://bucket/{name or len(self.vertices)}"
        return self._created(NewEntity(kind=kind, type=type, name=name, source_uri=source, **more))

    def join(self, source: str, destination: str, type: str | None = None) -> None:  # noqa: A002
        """Add an association for a test, and count no call."""
        self.edges[source, destination] = Edge(source, destination, type)
        self._out.setdefault(source, {})[destination] = None
        self._in.setdefault(destination, {})[source] = None

    def query(self, query: Query) -> Page:
        self._count("query")
        self.queries.append(query)
        if query.start not in self.vertices:
            raise NotFound(f"{query.start} does not exist")
        if not 0 < query.depth <= 10:
            raise Invalid("MaxDepth is 1 to 10")
        if query.filters and query.edges:
            raise Invalid("this store filters queries without edges only")
        if query.token is None:
            self._snapshot = self.pages(query)
        return self._snapshot[int(query.token or 0)]

    def list(self, kind: Kind, listed: Listed) -> Iterator[Vertex]:
        self._count("list")
        found = [vertex for vertex in self.vertices.values() if vertex.kind == kind and fits(vertex, listed)]
        found.sort(key=lambda vertex: sort_key(vertex, listed.sort_by), reverse=not listed.ascending)
        for vertex in found:
            assert vertex.details
            yield replace(vertex, details=replace(vertex.details, properties={}, description=None))

    def links(self, listed: LinksListed) -> Iterator[Link]:
        self._count("links")
        if listed.source is not None:
            pairs = [(listed.source, other) for other in self._out.get(listed.source, ())]
        elif listed.destination is not None:
            pairs = [(other, listed.destination) for other in self._in.get(listed.destination, ())]
        else:
            pairs = [*self.edges]
        for pair in pairs:
            if (link := self._link(pair)) and link_fits(link, listed):
                yield link

    def describe(self, arn_or_name: str, kind: Kind) -> Vertex:
        self._count("describe")
        if arn_or_name in self.vertices:
            return self.vertices[arn_or_name]
        for vertex in self.vertices.values():
            named = vertex.details and vertex.details.name == arn_or_name
            if named and vertex.kind == kind and kind != Kind.ARTIFACT:
                return vertex
        raise NotFound(f"{kind} {arn_or_name} does not exist")

    def tags(self, arn: str) -> Mapping[str, str]:
        self._count("tags")
        return dict(self.tagged.get(arn, {}))

    def trials(self, trial_component_arn: str) -> Iterator[str]:
        self._count("trials")
        yield from self.trials_of.get(trial_component_arn, ())

    def training_job(self, name: str) -> Mapping[str, Any]:
        return self._answer("training_job", name)

    def processing_job(self, name: str) -> Mapping[str, Any]:
        return self._answer("processing_job", name)

    def transform_job(self, name: str) -> Mapping[str, Any]:
        return self._answer("transform_job", name)

    def pipeline_steps(self, execution_arn: str) -> Iterator[Mapping[str, Any]]:
        yield from self._answer("pipeline_steps", execution_arn)["PipelineExecutionSteps"]

    def model_package(self, arn: str) -> Mapping[str, Any]:
        return self._answer("model_package", arn)

    def endpoint(self, name: str) -> Mapping[str, Any]:
        return self._answer("endpoint", name)

    def endpoint_config(self, name: str) -> Mapping[str, Any]:
        return self._answer("endpoint_config", name)

    def model(self, name: str) -> Mapping[str, Any]:
        return self._answer("model", name)

    def create(self, entity: NewEntity) -> str:
        self._count("create")
        arn = self._created(entity)
        self.after_writes("create")
        return arn

    def update(self, change: Change) -> None:
        self._count("update")
        vertex = self._existing(change.arn)
        assert vertex.details
        kept = {**vertex.details.properties, **(change.properties or {})}
        properties = {key: value for key, value in kept.items() if key not in change.removed}
        details = replace(vertex.details, properties=properties, modified=self._tick())
        if change.status is not None:
            details = replace(details, status=change.status)
        if change.description is not None:
            details = replace(details, description=change.description)
        if change.new_name is not None:
            details = replace(details, name=change.new_name)
        self.vertices[change.arn] = replace(vertex, details=details)
        self.after_writes("update")

    def delete(self, vertex: Vertex) -> None:
        self._count("delete")
        self._existing(vertex.arn)
        if self._out.get(vertex.arn) or self._in.get(vertex.arn):
            raise Invalid(f"{vertex.arn} has associations")
        del self.vertices[vertex.arn]
        self.tagged.pop(vertex.arn, None)
        self.after_writes("delete")

    def link(self, edge: Edge) -> None:
        self._count("link")
        self._existing(edge.source)
        self._existing(edge.destination)
        if (edge.source, edge.destination) in self.edges:
            raise AlreadyExists(f"{edge} exists")
        self.join(edge.source, edge.destination, edge.type)
        self.after_writes("link")

    def unlink(self, source: str, destination: str) -> None:
        self._count("unlink")
        if self.edges.pop((source, destination), None) is None:
            raise NotFound(f"{source} -> {destination} does not exist")
        del self._out[source][destination]
        del self._in[destination][source]
        self.after_writes("unlink")

    def tag(self, arn: str, added: Mapping[str, str], removed: Sequence[str] = ()) -> None:
        self._count("tag")
        tags = self.tagged.setdefault(arn, {})
        tags.update(added)
        for key in removed:
            tags.pop(key, None)
        self.after_writes("tag")

    def approve_package(self, arn: str, status: str, note: str | None) -> None:
        self._count("approve_package")
        package = {**self._answer("model_package", arn), "ModelApprovalStatus": status, "ApprovalDescription": note}
        self.answers["model_package", arn] = package
        self.after_writes("approve_package")

    def _link(self, pair: tuple[str, str]) -> Link | None:
        edge = self.edges[pair]
        one, other = self.vertices.get(edge.source), self.vertices.get(edge.destination)
        return Link(
            edge=edge,
            source_name=(one and one.details and one.details.name) or "",
            source_type=one.type if one else "",
            destination_name=(other and other.details and other.details.name) or "",
            destination_type=other.type if other else "",
            created=self.now,
        )

    def _created(self, entity: NewEntity) -> str:
        if entity.kind in (Kind.ARTIFACT, Kind.TRIAL_COMPONENT):
            place = md5(f"{entity.source_uri} {entity.source_types}".encode(), usedforsecurity=False).hexdigest()
        else:
            place = (entity.name or "").lower()
        arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:{_PLACES[entity.kind]}/{place}"
        if arn in self.vertices:
            raise AlreadyExists(f"{arn} exists")
        now = self._tick()
        details = Details(
            name=entity.name,
            source_uri=entity.source_uri,
            source_types=entity.source_types,
            status=entity.status,
            description=entity.description,
            properties=dict(entity.properties),
            metadata=dict(entity.metadata),
            created=now,
            modified=now,
        )
        self.vertices[arn] = Vertex(arn=arn, kind=entity.kind, type=entity.type, details=details)
        if entity.tags:
            self.tagged[arn] = dict(entity.tags)
        return arn

    def _existing(self, arn: str) -> Vertex:
        if arn not in self.vertices:
            raise NotFound(f"{arn} does not exist")
        return self.vertices[arn]

    def _answer(self, method: str, name: str) -> Mapping[str, Any]:
        self._count(method)
        if (method, name) not in self.answers:
            raise NotFound(f"{name} does not exist")
        return self.answers[method, name]

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _count(self, name: str) -> None:
        self.calls[name] += 1
        self.before(name)
