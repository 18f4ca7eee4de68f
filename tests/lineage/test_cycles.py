"""The check for cycles finds what a search from each new link finds."""

from hypothesis import given
from hypothesis import strategies as st

from integrations.lineage.graph import Edge
from integrations.lineage.walking.cycles import closing
from tests.lineage.graphs import random_graphs
from tests.lineage.in_memory import InMemory


@given(random_graphs(largest=12), st.data())
def test_a_new_link_closes_a_cycle_if_its_source_follows_from_its_destination(
    drawn: tuple[InMemory, list[str]], data: st.DataObject
) -> None:
    """Over old links and other new ones, to entities that exist or not."""
    store, arns = drawn
    ends = st.sampled_from([*arns, "new:a", "new:b", "new:c"])
    pairs = data.draw(st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=8, unique=True))
    new = [Edge(*pair) for pair in pairs]
    found = closing(store, new, lambda: 0)
    down: dict[str, set[str]] = {}
    for edge in [*store.edges.values(), *new]:
        down.setdefault(edge.source, set()).add(edge.destination)
    assert found == [edge for edge in new if _reaches(down, edge.destination, edge.source)]


def _reaches(down: dict[str, set[str]], start: str, end: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        new = down.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return end in seen


def test_links_among_new_entities_need_no_call() -> None:
    """No path over old links can lead back to them."""
    store = InMemory()
    assert closing(store, [Edge("new:a", "new:b"), Edge("new:a", "arn:x:x:x:x:artifact/a")], lambda: 0) == []
    assert not store.calls
