"""The contexts of endpoints, also of those that were deleted."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.finding.lookups import check_lookups
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed, ReadsLineage, ReadsSageMaker
from integrations.lineage.text import visible


class Reads(ReadsLineage, ReadsSageMaker, Protocol):
    """Reads lineage, and the jobs, packages and endpoints that it is about."""


def endpoint_contexts(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the contexts of an endpoint, also of one that was deleted. Names are compared in lower case, as in ARNs.

    Raises `NotFound` if there is none.
    """
    check_lookups(name)
    if found := present_contexts(store, name):
        return tuple(described_all(store, found))
    found = contexts_ending(store, name)
    if not found:
        raise NotFound(
            f"No lineage of an endpoint {visible(name)} exists. SageMaker writes it up to two minutes after the "
            "deployment; check the name, the region and the account"
        )
    return found


def present_contexts(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the contexts of an endpoint that is there."""
    try:
        arn = str(store.endpoint(name)["EndpointArn"])
    except (NotFound, Invalid):  # invalid: the text can be no name of an endpoint
        return ()
    return tuple(store.list(Kind.CONTEXT, Listed(source_uri=arn)))


def contexts_ending(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the contexts of an endpoint that may be deleted, found by the end of their source."""
    ending = f":endpoint/{name}".casefold()
    contexts = store.list(Kind.CONTEXT, Listed(type="Endpoint"))
    return tuple(described_all(store, [each for each in contexts if _source_of(each).casefold().endswith(ending)]))


def described_all(store: ReadsLineage, vertices: Iterable[Vertex]) -> Iterator[Vertex]:
    """Yield entities with properties, in the order of their ARNs. Lists return none."""
    for arn, kind in sorted({(each.arn, each.kind) for each in vertices}):
        yield store.describe(arn, kind)


def _source_of(vertex: Vertex) -> str:
    return (vertex.details.source_uri if vertex.details else None) or ""
