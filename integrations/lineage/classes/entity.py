"""The common part of `Artifact`, `Action` and `Context`. Values that are not known are read at the first use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from integrations.lineage.classes.session import Session, lineage_of
from integrations.lineage.classes.sources import Given, Tags, new_entity, tag_mapping, texts
from integrations.lineage.errors import Invalid
from integrations.lineage.finding.listing import Selection
from integrations.lineage.graph import Details, Kind, Vertex
from integrations.lineage.lineage import Lineage


class Entity:
    """One entity. Attributes that may be assigned are saved by `save`."""

    kind: ClassVar[Kind]
    _disassociates: ClassVar[bool] = False
    """Whether `delete` removes the associations by default."""

    def __init__(self, reference: str | None, session: Session | None, vertex: Vertex | None = None) -> None:
        if not reference:
            noun = self.kind.value.lower()
            raise Invalid(f"The {noun} is not named; give {noun}_arn or {noun}_name")
        self._reference = reference
        self._session = session
        self._vertex = vertex
        self._loaded = False
        self._properties: dict[str, str] | None = None
        self._tags: dict[str, str] | None = None
        self._changed: dict[str, str | None] = {}
        self.properties_to_remove: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._reference!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entity) and self.arn == other.arn

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

    def save(self) -> None:
        """Write the changes: properties, status and description. Other properties of the entity stay."""
        before = self._full().properties
        wanted = texts(self._properties if self._properties is not None else before)
        changed = {key: value for key, value in wanted.items() if before.get(key) != value}
        removed = [*(key for key in before if key not in wanted), *self.properties_to_remove]
        self._lineage.update(
            self.arn,
            changed,
            list(dict.fromkeys(removed)),
            status=self._changed.get("status"),
            description=self._changed.get("description"),
        )
        self._vertex, self._loaded, self._properties = None, False, None
        self._changed, self.properties_to_remove = {}, ()

    def delete(self, disassociate: bool | None = None) -> None:  # noqa: FBT001 - the SDK's form
        """Delete the entity. With `disassociate` its associations are deleted first, else they are an error."""
        with_associations = self._disassociates if disassociate is None else disassociate
        reference = self._vertex.arn if self._vertex else self._found().arn
        self._lineage.delete([reference], with_associations=with_associations)

    def set_tag(self, tag: Mapping[str, str]) -> None:
        """Add a tag, with Key and Value."""
        self.set_tags([tag])

    def set_tags(self, tags: Tags) -> None:
        """Add tags, each with Key and Value."""
        self._lineage.tag(self.arn, tag_mapping(tags))
        self._tags = None

    def with_vertex(self, vertex: Vertex, *, loaded: bool) -> Self:
        """Take values that were read already: all, or only those of lists."""
        self._vertex, self._loaded = vertex, loaded
        return self

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


def created(kind: Kind, given: Given, session: Session | None) -> Vertex:
    """Create an entity, or find the one that exists."""
    entity = new_entity(kind, given)
    arn = lineage_of(session).create(entity)
    details = Details(name=entity.name, source_uri=entity.source_uri, source_types=entity.source_types)
    return Vertex(arn=arn, kind=kind, type=entity.type, details=details)


def loaded(kind: Kind, reference: str | None, session: Session | None) -> Vertex:
    """Read an entity."""
    if not reference:
        raise Invalid(f"The {kind.value.lower()} to load is not named; give its ARN")
    return lineage_of(session).get(reference, kind)


def selected(kind: Kind, selection: Selection, session: Session | None) -> Sequence[Vertex]:
    """Read a list."""
    return list(lineage_of(session).list(kind, selection))
