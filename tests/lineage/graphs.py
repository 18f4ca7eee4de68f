"""Stores with graphs of known shapes, and random ones."""

from itertools import pairwise

from hypothesis import strategies as st

from integrations.lineage.graph import Kind
from integrations.lineage.ports import NewEntity
from tests.lineage.in_memory import InMemory

KINDS = (Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT, Kind.TRIAL_COMPONENT)
DIRECTIONS = {"up": "Ascendants", "down": "Descendants", "both": "Both"}


def artifact(store: InMemory, name: str, type_: str = "DataSet") -> str:
    """Add an artifact."""
    return store.add(Kind.ARTIFACT, type_, name)


def chain(store: InMemory, length: int) -> list[str]:
    """Add `length` artifacts, each joined to the next."""
    arns = [artifact(store, f"c{number}") for number in range(length)]
    for one, other in pairwise(arns):
        store.join(one, other, "DerivedFrom")
    return arns


def star(store: InMemory, size: int) -> list[str]:
    """Add `size` artifacts, the first joined to all others."""
    arns = [artifact(store, f"s{number}") for number in range(size)]
    for other in arns[1:]:
        store.join(arns[0], other)
    return arns


@st.composite
def random_graphs(draw: st.DrawFn, *, largest: int = 40) -> tuple[InMemory, list[str]]:
    """Return a store with a random graph, long chains included, and the ARNs of its vertices."""
    store = InMemory(page_size=draw(st.sampled_from((1, 2, 7, 50))), edges_alone=draw(st.booleans()))
    size = draw(st.integers(1, largest))
    properties = st.sampled_from(({}, {}, {"team": "a"}, {"team": "b"}))
    values = st.tuples(st.sampled_from(KINDS), st.sampled_from(("Model", "DataSet")), properties)
    arns = [
        store.add(kind, type_, f"v{number}", properties=pairs)
        for number, (kind, type_, pairs) in enumerate(draw(st.lists(values, min_size=size, max_size=size)))
    ]
    places = st.integers(0, size - 1)
    if draw(st.booleans()):  # long chains, which random edges rarely make
        for source, destination in pairwise(arns):
            store.join(source, destination, "ContributedTo")
    for one, other, type_ in draw(
        st.lists(st.tuples(places, places, st.sampled_from((None, "Produced"))), max_size=size)
    ):
        if one != other:
            store.join(arns[one], arns[other], type_)
    return store, arns


def new(kind: Kind = Kind.ARTIFACT, name: str | None = "data", **more: object) -> NewEntity:
    """Return an entity to create."""
    values = {"type": "DataSet", "source_uri": "s3://bucket/data"} | more
    return NewEntity(kind=kind, name=name, **values)  # type: ignore[arg-type] # values of tests
