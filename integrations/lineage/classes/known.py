"""The attributes of `Artifact`, `Action` and `Context`. Values that are not known are read at the first use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from integrations.lineage.classes.session import Session, lineage_of
from integrations.lineage.classes.sources import texts
from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Details, Kind, Vertex
from integrations.lineage.lineage import Lineage
from integrations.lineage.planning.naming import valid_name


class KnownEntity:
    """One entity with its attributes."""

    kind: ClassVar[Kind]
    _disassociates: ClassVar[bool] = False
    """Whether `delete` removes the associations by default."""

    def __init__(self, arn: str | None, name: str | None, session: Session | None) -> None:
        reference = arn or (name and valid_name(name, self.kind))
        if not reference:
            noun = self.kind.value.lower()
            raise Invalid(f"The {noun} is not named; give {noun}_arn or {noun}_name")
        self._reference = reference
        self._session = session
        self._vertex: Vertex | None = None
        self._loaded = False
        self._properties: dict[str, str] | None = None
        self._tags: dict[str, str] | None = None
        self._changed: dict[str, str | None] = {}
        self.properties_to_remove: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._reference!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownEntity) and self.arn == other.arn

    def __hash__(self) -> int:
        return hash(self.arn)

    @property
    def arn(self) -> str:
        """The ARN."""
        return self._known().arn

    @property
    def name(self) -> str | None:
        """The name; an artifact may have none."""
        return self._listed().name

    @property
    def type(self) -> str:
        """The type."""
        return self._known().type

    @property
    def source_uri(self) -> str | None:
        """The URI or ARN that the entity stands for."""
        return self._listed().source_uri

    @property
    def source(self) -> dict[str, Any]:
        """The source, in the shape that `create` takes."""
        details = self._listed()
        types = [{"SourceIdType": type_, "Value": value} for type_, value in details.source_types]
        return {"source_uri": details.source_uri, "source_types": types}

    @property
    def properties(self) -> dict[str, str]:
        """The properties. Changes are saved by `save`."""
        if self._properties is None:
            self._properties = dict(self._full().properties)
        return self._properties

    @properties.setter
    def properties(self, properties: Mapping[str, str]) -> None:
        self._properties = texts(properties)

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags, each with Key and Value."""
        if self._tags is None:
            self._tags = dict(self._lineage.tags(self.arn))
        return [{"Key": key, "Value": value} for key, value in self._tags.items()]

    @property
    def creation_time(self) -> datetime | None:
        """When the entity was created."""
        return self._listed().created

    @property
    def last_modified_time(self) -> datetime | None:
        """When the entity was changed last."""
        return self._listed().modified

    @property
    def created_by(self) -> dict[str, str | None]:
        """Who created the entity."""
        return {"name": self._full().created_by}

    @property
    def last_modified_by(self) -> dict[str, str | None]:
        """Who changed the entity last."""
        return {"name": self._full().modified_by}

    @property
    def _lineage(self) -> Lineage:
        return lineage_of(self._session)

    def _known(self) -> Vertex:
        if self._vertex is None:
            self._full()
        assert self._vertex is not None  # noqa: S101 - `_full` has set it
        return self._vertex

    def _listed(self) -> Details:
        """Return the details that lists have too."""
        return self._known().details or self._full()

    def _full(self) -> Details:
        if not self._loaded:
            self._vertex, self._loaded = self._found(), True
        assert self._vertex is not None  # noqa: S101 - it was just set
        return self._vertex.details or Details()

    def _found(self) -> Vertex:
        return self._lineage.get(self._vertex.arn if self._vertex else self._reference, self.kind)
