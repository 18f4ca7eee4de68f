"""`Lineage`: everything that the commands do, for programs."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from integrations.lineage.asking.methods import Asks
from integrations.lineage.deadline import limited
from integrations.lineage.documents import document, importing
from integrations.lineage.finding.listing import Selection, selected
from integrations.lineage.finding.named import described, each_every, every, one
from integrations.lineage.graph import Direction, Edge, Graph, Kind, Vertex
from integrations.lineage.planning import creating, entities, plan
from integrations.lineage.planning.existing import all_edges
from integrations.lineage.planning.recording import Recording, adding, recording
from integrations.lineage.planning.steps import Join, Step
from integrations.lineage.ports import Link, LinksListed, NewEntity, Store
from integrations.lineage.walking import querying


class Lineage(Asks):
    """The lineage of one account and region.

    Entities are named by ARN, by name, or by the URI of their source. Methods that write return the steps they did.
    They raise the errors of `integrations.lineage.errors`.

    Args:
        region: The region; by default that of the profile or the environment.
        profile: The profile of the AWS configuration.
        endpoint_url: The address of SageMaker's API; by default AWS's, or that of AWS_ENDPOINT_URL_SAGEMAKER.
        store: Answers in place of SageMaker.
        clock: Returns seconds from any beginning, for the limits of time.
    """

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        *,
        store: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arguments = (region, profile, endpoint_url)
        self._store = store
        self._clock = clock

    @property
    def store(self) -> Store:
        """Return the store that answers the calls. boto3 is loaded at the first use."""
        if self._store is None:
            from integrations.lineage.sagemaker import SageMaker  # noqa: PLC0415 - boto3 takes half a second

            self._store = SageMaker(*self._arguments)
        store: Store = self._store
        return store

    def run(
        self,
        steps: Sequence[Step],
        *,
        dry_run: bool = False,
        allow_cycle: bool = False,
        report: Callable[[str], None] = lambda _: None,
    ) -> dict[str, str]:
        """Check a plan, then do it, and return the ARNs of the new entities by key. With `dry_run` only check it."""
        links = any(isinstance(step, Join) for step in steps)
        plan.check(self.store, steps, self._clock if links and not allow_cycle else None)
        return {} if dry_run else plan.run(self.store, steps, report)

    def create(self, entity: NewEntity) -> str:
        """Create an entity, or reuse the one that exists and add the missing values. Return its ARN."""
        planned = self.plan(entity)
        return self.run(planned.steps).get(planned.end, planned.end)

    def plan(self, entity: NewEntity) -> creating.Planned:
        """Return the steps that `create` would take."""
        return creating.creation(self.store, entity)

    def get(self, text: str, kind: Kind | None = None) -> Vertex:
        """Return one entity with all its details."""
        return described(self.store, text, kind)

    def find(self, text: str, kind: Kind | None = None) -> list[Vertex]:
        """Return all entities that an ARN, a name or the URI of a source names."""
        return every(self.store, text, kind)

    def tags(self, text: str) -> Mapping[str, str]:
        """Return the tags of an entity."""
        return self.store.tags(one(self.store, text).arn)

    def list(self, kind: Kind, selection: Selection = Selection()) -> Iterator[Vertex]:  # noqa: B008 - frozen
        """Yield the entities of a kind, without properties, description and tags."""
        yield from selected(self.store, kind, selection)

    def links(self, listed: LinksListed = LinksListed()) -> Iterator[Link]:  # noqa: B008 - frozen
        """Yield associations."""
        yield from self.store.links(listed)

    def update(
        self,
        text: str,
        properties: Mapping[str, str] | None = None,
        removed: Sequence[str] = (),
        *,
        status: str | None = None,
        description: str | None = None,
        dry_run: bool = False,
    ) -> Sequence[Step]:
        """Merge properties into those of an entity, remove others, and set its status and description."""
        steps = entities.change(
            self.store, text, properties=properties or {}, removed=removed, status=status, description=description
        )
        return self._done(steps, dry_run=dry_run)

    def tag(
        self, text: str, tags: Mapping[str, str] | None = None, removed: Sequence[str] = (), *, dry_run: bool = False
    ) -> Sequence[Step]:
        """Set and remove tags."""
        return self._done(entities.tagging(self.store, text, tags or {}, removed), dry_run=dry_run)

    def link(
        self,
        source: str,
        destination: str,
        type: str | None = None,  # noqa: A002 - the word of the API
        *,
        allow_cycle: bool = False,
        dry_run: bool = False,
    ) -> Sequence[Step]:
        """Associate two entities. An association that exists is left as it is."""
        ends = entities.ends_of(self.store, source, destination)
        steps = entities.joining(self.store, [Edge(*ends, type)])
        return self._done(steps, allow_cycle=allow_cycle, dry_run=dry_run)

    def unlink(self, source: str, destination: str, *, dry_run: bool = False) -> Sequence[Step]:
        """Delete one association."""
        return self._done(entities.unjoining(self.store, source, destination), dry_run=dry_run)

    def record(self, what: Recording, *, allow_cycle: bool = False, dry_run: bool = False) -> Sequence[Step]:
        """Associate the inputs and outputs of an action with it."""
        return self._done(recording(self.store, what), allow_cycle=allow_cycle, dry_run=dry_run)

    def add_to(
        self,
        context: str,
        texts: Sequence[str],
        type: str = "AssociatedWith",  # noqa: A002 - the word of the API
        *,
        allow_cycle: bool = False,
        dry_run: bool = False,
    ) -> Sequence[Step]:
        """Associate a context with entities."""
        return self._done(adding(self.store, context, texts, type), allow_cycle=allow_cycle, dry_run=dry_run)

    def delete(
        self, texts: Sequence[str], *, with_associations: bool = False, dry_run: bool = False
    ) -> tuple[Sequence[Step], Sequence[str]]:
        """Delete entities. Return the steps, and the texts that name no entity any more."""
        steps, missing = entities.deletion(self.store, texts, with_associations=with_associations)
        return self._done(steps, dry_run=dry_run), missing

    def edges(self, text: str) -> Sequence[Edge]:
        """Return all associations of an entity."""
        return all_edges(self.store, one(self.store, text).arn)

    def import_content(self, content: Any, *, allow_cycle: bool = False, dry_run: bool = False) -> Sequence[Step]:
        """Create those entities of a document that do not exist yet."""
        steps = importing.import_plan(self.store, document.decoded(content))
        return self._done(steps, allow_cycle=allow_cycle, dry_run=dry_run)

    def export(self, texts: Sequence[str], options: querying.Options | None = None) -> dict[str, Any]:
        """Return the document of everything around some entities; `import_content` reads it back."""
        options = replace(options or querying.Options(direction=Direction.BOTH), details=True, edges=True)
        graph = self.query(texts, options)
        tags = {vertex.arn: self.store.tags(vertex.arn) for vertex in graph.vertices if vertex.kind in document.KINDS}
        return document.encoded(importing.exported(graph, tags))

    def query(self, texts: Sequence[str], options: querying.Options | None = None) -> Graph:
        """Return the lineage around some entities."""
        chosen = options or querying.Options()
        end = self._clock() + chosen.caps.timeout_secs
        with limited(lambda: end - self._clock()):
            starts = [vertex.arn for vertex in each_every(self.store, texts)]
            return querying.query(self.store, starts, chosen, self._clock)

    def _done(self, steps: Sequence[Step], *, allow_cycle: bool = False, dry_run: bool = False) -> Sequence[Step]:
        self.run(steps, allow_cycle=allow_cycle, dry_run=dry_run)
        return steps
