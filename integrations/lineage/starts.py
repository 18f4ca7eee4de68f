"""Entities that a person names: by an ARN, by the URI of their source, or by a name."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from integrations.lineage.arns import is_arn, kind_of
from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed, ReadsLineage, ReadsSageMaker

_JOB = re.compile(r"arn:[^:]*:sagemaker:[^:]*:[^:]*:(?:training|processing|transform)-job/.+").fullmatch
_BY_SOURCE = (Kind.CONTEXT, Kind.ARTIFACT, Kind.ACTION)


class Reads(ReadsLineage, ReadsSageMaker, Protocol):
    """Reads lineage, and the jobs, packages and endpoints that it is about."""


def find(store: Reads, text: str) -> tuple[Vertex, ...]:
    """Return the entities that `text` names, with their details. Several have the same source.

    An ARN of a job, an endpoint or a package means the entities that SageMaker made for it. They are looked up by
    their source, because their names are not documented. The URI of an S3 artifact is tried with and without `/` at
    its end.

    Raises `NotFound` if there is none, and the errors of the calls.
    """
    if kind := kind_of(text):
        return (store.describe(text, kind),)
    looks_like_source = is_arn(text) or "/" in text or ":" in text
    found = of_source(store, text) if looks_like_source else _named(store, text)
    if not found:
        raise NotFound(_not_found(text, source=looks_like_source))
    return found


def find_one(store: Reads, text: str) -> Vertex:
    """Return the one entity that `text` names. Raises `Invalid` if there are several, and `NotFound`."""
    found = find(store, text)
    if len(found) > 1:
        arns = "\n".join(vertex.arn for vertex in found)
        raise Invalid(f"{text} names {len(found)} entities; give the ARN of one of them:\n{arns}")
    return found[0]


def of_source(store: Reads, source: str) -> tuple[Vertex, ...]:
    """Return the entities that have a source: the trial components of a job, else contexts, artifacts or actions."""
    if _JOB(source):
        components = tuple(
            store.describe(arn, Kind.TRIAL_COMPONENT) for arn in sorted(set(store.trial_components(source)))
        )
        if components:
            return components
    for kind in _BY_SOURCE:
        for uri in _spellings(source):
            if found := tuple(store.list(kind, Listed(source_uri=uri))):
                return tuple(_described(store, found))
    return ()


def endpoint_contexts(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the contexts of an endpoint, also of one that was deleted. Names are compared in lower case, as in ARNs.

    Raises `NotFound` if there is none.
    """
    try:
        arn = str(store.endpoint(name)["EndpointArn"])
    except NotFound:
        arn = ""
    if arn and (found := tuple(store.list(Kind.CONTEXT, Listed(source_uri=arn)))):
        return tuple(_described(store, found))
    ending = f":endpoint/{name}".casefold()
    contexts = store.list(Kind.CONTEXT, Listed(type="Endpoint"))
    found = tuple(each for each in contexts if _source_of(each).casefold().endswith(ending))
    if not found:
        raise NotFound(
            f"No lineage of an endpoint {name} exists. SageMaker writes it up to two minutes after the deployment; "
            "check the name, the region and the account"
        )
    return tuple(_described(store, found))


def _named(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the entities of the first kind that has the name: an endpoint, a context, an action, or artifacts."""
    for lookup in (_endpoint, _by_name(Kind.CONTEXT), _by_name(Kind.ACTION), _artifacts):
        if found := lookup(store, name):
            return found
    return ()


def _endpoint(store: Reads, name: str) -> tuple[Vertex, ...]:
    try:
        return of_source(store, str(store.endpoint(name)["EndpointArn"]))
    except NotFound:
        return ()


def _by_name(kind: Kind) -> Callable[[Reads, str], tuple[Vertex, ...]]:
    def lookup(store: Reads, name: str) -> tuple[Vertex, ...]:
        try:
            return (store.describe(name, kind),)
        except NotFound:
            return ()

    return lookup


def _artifacts(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the artifacts with a name. Names of artifacts are no key, so all artifacts are listed."""
    listed = store.list(Kind.ARTIFACT, Listed())
    return tuple(_described(store, [each for each in listed if each.details and each.details.name == name]))


def _described(store: Reads, vertices: Iterable[Vertex]) -> Iterator[Vertex]:
    """Yield entities with properties, in the order of their ARNs. Lists return none."""
    for vertex in sorted(vertices, key=lambda each: each.arn):
        yield store.describe(vertex.arn, vertex.kind)


def _spellings(uri: str) -> tuple[str, ...]:
    if is_arn(uri):
        return (uri,)
    return (uri, uri.rstrip("/") if uri.endswith("/") else f"{uri}/")


def _source_of(vertex: Vertex) -> str:
    return (vertex.details.source_uri if vertex.details else None) or ""


def _not_found(text: str, *, source: bool) -> str:
    if source:
        return f"No lineage entity has the source {text}; check the spelling, the region and the account"
    return f"No endpoint, context, action or artifact is named {text}; check the spelling, the region and the account"
