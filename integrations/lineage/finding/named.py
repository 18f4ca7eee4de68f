"""Entities that a person names: by an ARN, by the URI of their source, or by a name.

Both ways know the same names. `find` is for questions: it takes the first kind that has the name or the source.
`every` is for commands that show or change entities: it looks through all kinds, so that no other entity of the same
name is taken by mistake.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from integrations.lineage.arns import is_arn, kind_of
from integrations.lineage.errors import REFUSED, Invalid, LineageError, NotFound, together
from integrations.lineage.finding.endpoints import Reads, contexts_ending, described_all, present_contexts
from integrations.lineage.finding.lookups import check_lookups, is_source
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Listed, ReadsLineage
from integrations.lineage.text import visible

_JOB = re.compile(r"arn:[^:]*:sagemaker:[^:]*:[^:]*:(?:training|processing|transform)-job/.+").fullmatch
# In the order in which they are looked up.
_BY_SOURCE = (Kind.TRIAL_COMPONENT, Kind.CONTEXT, Kind.ARTIFACT, Kind.ACTION)
_BY_NAME = (Kind.CONTEXT, Kind.ACTION, Kind.TRIAL_COMPONENT)


def find(store: Reads, text: str) -> tuple[Vertex, ...]:
    """Return the entities that `text` names, with their details. Several have the same source.

    An ARN of a job, an endpoint or a package means the entities that SageMaker made for it. They are looked up by
    their source, because their names are not documented. The URI of an S3 artifact is tried with and without `/` at
    its end. A name is that of an endpoint, a context, an action, a trial component, a deleted endpoint or an artifact.

    Raises `NotFound` if there is none, and the errors of the calls.
    """
    check_lookups(text)
    if kind := kind_of(text):
        return (store.describe(text, kind),)
    found = of_source(store, text) if is_source(text) else _first_named(store, text)
    if not found:
        raise NotFound(_not_found(text))
    return found


def find_one(store: Reads, text: str) -> Vertex:
    """Return the one entity that `find` finds. Raises `Invalid` if there are several, and `NotFound`."""
    return _only(find(store, text), text)


def every(store: Reads, text: str, kind: Kind | None = None) -> list[Vertex]:
    """Return all entities of all kinds, or of one kind, that `text` names; at least one.

    The name of an endpoint is a name of its context. An ARN of a lineage entity is that entity, and costs no call. The
    others come as lists have them.

    Raises `NotFound` if there is none, `Invalid` if the text can be no ARN, name or URI.
    """
    check_lookups(text)
    if known := kind_of(text):
        return [Vertex(arn=text, kind=known, type="")]
    by_source = is_source(text)
    lookup = _with_source if by_source else _with_name
    found = [vertex for each in ([kind] if kind else Kind) for vertex in lookup(store, text, each)]
    if not by_source and kind in (None, Kind.CONTEXT):
        known_arns = {vertex.arn for vertex in found}
        contexts = present_contexts(store, text) or (() if found else contexts_ending(store, text))
        found += [each for each in contexts if each.arn not in known_arns]
    if not found:
        raise NotFound(f"No {kind or 'entity'} of lineage has the ARN, name or source {visible(text)}")
    return found


def each_every(store: Reads, texts: Iterable[str]) -> list[Vertex]:
    """Return the entities that some texts name. Raises one error for all texts that name none."""
    return _each(dict.fromkeys(texts), lambda text, _: every(store, text))


def each_one(store: Reads, texts: Mapping[str, Kind | None]) -> list[Vertex]:
    """Return the one entity that each text names, of a kind if one is given. Raises one error for all others."""
    return _each(texts, lambda text, kind: [one(store, text, kind)])


def one(store: Reads, text: str, kind: Kind | None = None) -> Vertex:
    """Return the one entity that `every` finds. Raises `Invalid` if there are several, and `NotFound`."""
    return _only(every(store, text, kind), text)


def described(store: Reads, text: str, kind: Kind | None = None) -> Vertex:
    """Return the one entity that `text` names, with all its details."""
    vertex = one(store, text, kind)
    return store.describe(vertex.arn, vertex.kind)


def of_source(store: ReadsLineage, source: str) -> tuple[Vertex, ...]:
    """Return the entities that have a source: the trial components of a job, else contexts, artifacts or actions."""
    for kind in _BY_SOURCE:
        if found := _with_source(store, source, kind):
            return tuple(described_all(store, found))
    return ()


def _each(texts: Mapping[str, Kind | None], lookup: Callable[[str, Kind | None], Sequence[Vertex]]) -> list[Vertex]:
    check_lookups(*texts)
    found: list[Vertex] = []
    wrong: list[LineageError] = []
    for text, kind in texts.items():
        try:
            found += lookup(text, kind)
        except REFUSED as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    return found


def _first_named(store: Reads, name: str) -> tuple[Vertex, ...]:
    """Return the entities of the first kind that has the name. The lineage of a deleted endpoint takes a list."""
    if found := _endpoint(store, name):
        return found
    for kind in _BY_NAME:
        if found := _with_name(store, name, kind):
            return found
    return contexts_ending(store, name) or tuple(described_all(store, _with_name(store, name, Kind.ARTIFACT)))


def _endpoint(store: Reads, name: str) -> tuple[Vertex, ...]:
    try:
        return of_source(store, str(store.endpoint(name)["EndpointArn"]))
    except (NotFound, Invalid):
        return ()


def _with_name(store: ReadsLineage, name: str, kind: Kind) -> tuple[Vertex, ...]:
    """Return the entities of a kind that have a name. Names of artifacts are no key, so all artifacts are listed."""
    if kind == Kind.ARTIFACT:
        listed = store.list(kind, Listed())
        return tuple(each for each in listed if each.details and each.details.name == name)
    try:
        return (store.describe(name, kind),)
    except (NotFound, Invalid):  # invalid: the text can be no name
        return ()


def _with_source(store: ReadsLineage, source: str, kind: Kind) -> tuple[Vertex, ...]:
    """Return the entities of a kind that have a source. Only jobs have trial components."""
    if kind == Kind.TRIAL_COMPONENT and not _JOB(source):
        return ()
    for uri in _spellings(source):
        if found := tuple(store.list(kind, Listed(source_uri=uri))):
            return found
    return ()


def _spellings(uri: str) -> tuple[str, ...]:
    if is_arn(uri):
        return (uri,)
    return (uri, uri.rstrip("/") if uri.endswith("/") else f"{uri}/")


def _only(found: Sequence[Vertex], text: str) -> Vertex:
    if len(found) > 1:
        arns = "\n".join(vertex.arn for vertex in found)
        raise Invalid(f"{visible(text)} names {len(found)} entities; give the ARN of one of them:\n{arns}")
    return found[0]


def _not_found(text: str) -> str:
    if is_source(text):
        return f"No lineage entity has the source {visible(text)}; check the spelling, the region and the account"
    what = "No endpoint, context, action or artifact is named"
    return f"{what} {visible(text)}; check the spelling, the region and the account"
