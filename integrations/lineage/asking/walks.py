"""The walk of questions: a query with edges to the largest depth."""

from collections.abc import Callable, Sequence

from integrations.lineage.asking.questions import Walk
from integrations.lineage.graph import Direction, Graph
from integrations.lineage.ports import ReadsLineage
from integrations.lineage.walking.querying import Options, query
from integrations.lineage.walking.walk import Caps


def walk_of(store: ReadsLineage, clock: Callable[[], float], caps: Caps | None = None) -> Walk:
    """Return the walk over a store. Each walk has the caps of one query; `clock` returns seconds."""

    def walk(starts: Sequence[str], direction: Direction) -> Graph:
        return query(store, starts, Options(direction=direction, caps=caps or Caps()), clock)

    return walk
