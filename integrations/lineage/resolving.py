"""Entities by what a user types: an ARN, a name, or the URI of their source."""

from collections.abc import Iterator

from integrations.lineage.arns import is_arn, kind_of
from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed, ReadsLineage

_NAMED = (Kind.ACTION, Kind.CONTEXT, Kind.TRIAL_COMPONENT)


def resolve(store: ReadsLineage, text: str, kind: Kind | None = None) -> list[Vertex]:
    """Return all entities that `text` names, at least one.

    An ARN of a lineage entity is that entity, and costs no call. Any other ARN, and a URI, is a source; the URI is
    tried with and without a `/` at its end. Any other text is a name.

    Raises:
        NotFound: There is none.
    """
    if known := kind_of(text):
        return [Vertex(arn=text, kind=known, type="")]
    kinds = [kind] if kind else [*Kind]
    found = list(_by_source(store, text, kinds) if is_arn(text) or "://" in text else _by_name(store, text, kinds))
    if not found:
        raise NotFound(f"No {kind or 'entity'} of lineage has the ARN, name or source {text}")
    return found


def one(store: ReadsLineage, text: str, kind: Kind | None = None) -> Vertex:
    """Return the one entity that `text` names.

    Raises:
        NotFound: There is none.
        Invalid: There are several. The text lists them.
    """
    found = resolve(store, text, kind)
    if len(found) > 1:
        listed = ", ".join(vertex.arn for vertex in found)
        raise Invalid(f"{text} names {len(found)} entities: {listed}; give one of these ARNs")
    return found[0]


def described(store: ReadsLineage, text: str, kind: Kind | None = None) -> Vertex:
    """Return the one entity that `text` names, with all its details."""
    vertex = one(store, text, kind)
    return store.describe(vertex.arn, vertex.kind)


def _by_source(store: ReadsLineage, text: str, kinds: list[Kind]) -> Iterator[Vertex]:
    uris = (text,) if is_arn(text) else (text, text.removesuffix("/") if text.endswith("/") else f"{text}/")
    for kind in kinds:
        if kind == Kind.TRIAL_COMPONENT and not is_arn(text):
            continue  # their sources are ARNs of jobs
        for uri in uris:
            yield from store.list(kind, Listed(source_uri=uri))


def _by_name(store: ReadsLineage, text: str, kinds: list[Kind]) -> Iterator[Vertex]:
    for kind in _NAMED:
        if kind in kinds:
            try:
                yield store.describe(text, kind)
            except (NotFound, Invalid):  # Invalid: the text is no name
                continue
    if Kind.ARTIFACT in kinds:  # the API has no filter by name
        for vertex in store.list(Kind.ARTIFACT, Listed()):
            if vertex.details and vertex.details.name == text:
                yield vertex
