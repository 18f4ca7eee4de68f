"""Cycles that new associations would close."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from integrations.lineage.arns import is_arn
from integrations.lineage.errors import TimedOut, TooLarge
from integrations.lineage.graph import Direction, Edge
from integrations.lineage.ports import ReadsLineage
from integrations.lineage.walking.walk import Budget, Caps, walk

_UNLIMITED = 1_000_000


def closing(
    store: ReadsLineage,
    new: Sequence[Edge],
    clock: Callable[[], float],
    caps: Caps = Caps(),  # noqa: B008 - frozen
) -> list[Edge]:
    """Return those of the new associations that lie on a cycle, together with all associations that exist.

    Raises:
        TooLarge, TimedOut: There are too many descendants to follow them all.
    """
    sources, destinations = ({end for end in ends if is_arn(end)} for ends in _ends(new))
    old: Iterable[Edge] = ()
    if sources and destinations:  # else no path can lead back over associations that exist
        budget = Budget(caps, clock)
        try:
            with budget.applied():
                old = walk(store, sorted(destinations), Direction.DOWN, _UNLIMITED, budget).edges
        except (TooLarge, TimedOut) as error:
            text = f"The check for cycles ended: {error}\nGive --allow-cycle to leave it out"
            raise type(error)(text, reached=error.reached) from error
    group = _groups([*new, *old])
    return [edge for edge in new if group[edge.source] == group[edge.destination] and edge.source != edge.destination]


def _ends(edges: Sequence[Edge]) -> Iterator[list[str]]:
    yield [edge.source for edge in edges]
    yield [edge.destination for edge in edges]


def _groups(edges: Sequence[Edge]) -> dict[str, str]:
    """Return for each vertex the name of its strongly connected component, by Kosaraju's algorithm."""
    down: dict[str, list[str]] = {}
    up: dict[str, list[str]] = {}
    for edge in edges:
        for vertices in (down, up):
            vertices.setdefault(edge.source, [])
            vertices.setdefault(edge.destination, [])
        down[edge.source].append(edge.destination)
        up[edge.destination].append(edge.source)
    group: dict[str, str] = {}
    for root in reversed(_finished(down)):
        waiting = [root]
        while waiting:
            arn = waiting.pop()
            if arn not in group:
                group[arn] = root
                waiting += up[arn]
    return group


def _finished(down: dict[str, list[str]]) -> list[str]:
    """Return the vertices in the order of a depth-first search, at its way back."""
    order: list[str] = []
    seen: set[str] = set()
    for root in [*down]:
        waiting = [(root, iter(down[root]))] if root not in seen else []
        seen.add(root)
        while waiting:
            arn, others = waiting[-1]
            other = next((each for each in others if each not in seen), None)
            if other is None:
                order.append(arn)
                waiting.pop()
            else:
                seen.add(other)
                waiting.append((other, iter(down[other])))
    return order
