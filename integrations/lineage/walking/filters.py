"""The filters of a query. As in the API, different filters are joined by `and`, the values of one filter by `or`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from integrations.lineage.graph import Kind, Vertex

_MAX_TYPES = 5
_MAX_TYPE_CHARS = 40
_MAX_PROPERTIES = 5
_MAX_PROPERTY_CHARS = 256


class Filters(Struct, frozen=True, kw_only=True):
    """Selects vertices of a walk. Without any value all are.

    Times include the given moment. Of `properties` any one pair suffices.
    """

    kinds: tuple[Kind, ...] = ()
    types: tuple[str, ...] = ()
    properties: Mapping[str, str] = {}
    source_uris: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    modified_after: datetime | None = None
    modified_before: datetime | None = None

    @property
    def empty(self) -> bool:
        """Return whether every vertex passes."""
        return not (self.kinds or self.types or self.need_details)

    @property
    def need_details(self) -> bool:
        """Return whether the vertices must be described first."""
        return bool(self.properties or self.source_uris or any(self._times))

    @property
    def _times(self) -> Sequence[datetime | None]:
        return self.created_after, self.created_before, self.modified_after, self.modified_before

    def match_bare(self, vertex: Vertex) -> bool:
        """Return whether kind and type are wanted. Both are known without details."""
        return (not self.kinds or vertex.kind in self.kinds) and (not self.types or vertex.type in self.types)

    def match(self, vertex: Vertex) -> bool:
        """Return whether a vertex passes. One without details passes no filter that needs them."""
        if not self.match_bare(vertex):
            return False
        if not self.need_details:
            return True
        details = vertex.details
        return (
            details is not None
            and (
                not self.properties
                or any(details.properties.get(key) == self.properties[key] for key in self.properties)
            )
            and (not self.source_uris or details.source_uri in self.source_uris)
            and _within(details.created, self.created_after, self.created_before)
            and _within(details.modified, self.modified_after, self.modified_before)
        )

    def as_api(self) -> dict[str, Any] | None:
        """Return QueryLineage's `Filters`, or None if they are too many or too long for the API."""
        if self.source_uris or len(self.types) > _MAX_TYPES or len(self.properties) > _MAX_PROPERTIES:
            return None
        texts = [*self.properties, *self.properties.values()]
        if any(len(each) > _MAX_TYPE_CHARS for each in self.types) or any(
            len(each) > _MAX_PROPERTY_CHARS for each in texts
        ):
            return None
        given = {
            "LineageTypes": list(self.kinds),
            "Types": list(self.types),
            "Properties": dict(self.properties),
            "CreatedAfter": self.created_after,
            "CreatedBefore": self.created_before,
            "ModifiedAfter": self.modified_after,
            "ModifiedBefore": self.modified_before,
        }
        return {name: value for name, value in given.items() if value}


def _within(time: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if time is None:
        return after is None and before is None
    return (after is None or time >= after) and (before is None or time <= before)
