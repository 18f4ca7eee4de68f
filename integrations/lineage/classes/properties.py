"""The properties of a vertex of an answer."""

from collections.abc import Iterator
from typing import Any

from integrations.lineage.errors import NotFound
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.lineage import Lineage


class LazyProperties(dict[str, str]):
    """The properties of a vertex, and its name, type and source URI. They are read at the first use, by one call."""

    def __init__(self, lineage: Lineage, vertex: Vertex) -> None:
        super().__init__({f"{_noun(vertex)}_type": vertex.type})
        self._lineage = lineage
        self._vertex: Vertex | None = vertex

    def __getitem__(self, key: str) -> str:
        if not super().__contains__(key):
            self._load()
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (bool(self._load()) and super().__contains__(key))

    def __iter__(self) -> Iterator[str]:
        self._load()
        return super().__iter__()

    def __len__(self) -> int:
        self._load()
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self._load()
        return super().__eq__(other)

    __hash__ = None

    def __repr__(self) -> str:
        self._load()
        return super().__repr__()

    def get(self, key: str, default: Any = None) -> Any:
        """Return a property, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> Any:
        """Return the names."""
        self._load()
        return super().keys()

    def values(self) -> Any:
        """Return the values."""
        self._load()
        return super().values()

    def items(self) -> Any:
        """Return names with values."""
        self._load()
        return super().items()

    def _load(self) -> bool:
        vertex, self._vertex = self._vertex, None
        if vertex is not None:
            self.update(_values(self._lineage, vertex))
        return True


def _values(lineage: Lineage, vertex: Vertex) -> dict[str, str]:
    try:
        vertex = lineage.get(vertex.arn)
    except NotFound:  # deleted meanwhile
        return {}
    details = vertex.details
    assert details  # noqa: S101 - it was described
    values = {f"{_noun(vertex)}_name": details.name, "source_uri": details.source_uri, "status": details.status}
    return {**details.properties, **{key: value for key, value in values.items() if value}}


def _noun(vertex: Vertex) -> str:
    return {Kind.TRIAL_COMPONENT: "trial_component"}.get(vertex.kind, vertex.kind.value.lower())
