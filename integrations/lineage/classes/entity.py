"""The common part of `Artifact`, `Action` and `Context`: how they are created, read, listed, changed and deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from integrations.lineage.classes.known import KnownEntity
from integrations.lineage.classes.listing import Listing, ascending, most, sort, time
from integrations.lineage.classes.session import Session, lineage_of
from integrations.lineage.classes.sources import Given, Tags, new_entity, tag_mapping, texts
from integrations.lineage.errors import Invalid
from integrations.lineage.finding.listing import Selection
from integrations.lineage.graph import Details, Vertex
from integrations.lineage.planning.naming import valid_name

Within = tuple[str | datetime | None, str | datetime | None]
"""`created_after` and `created_before`."""
Order = tuple[str, str, int | None]
"""`sort_by`, `sort_order` and `max_results`."""


class Entity(KnownEntity):
    """One entity. Attributes that may be assigned are saved by `save`."""

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

    @classmethod
    def _created(cls, given: Given, session: Session | None) -> Self:
        """Create an entity, or find the one that exists."""
        entity = new_entity(cls.kind, given)
        arn = lineage_of(session).create(entity)
        details = Details(name=entity.name, source_uri=entity.source_uri, source_types=entity.source_types)
        return cls._of(Vertex(arn=arn, kind=cls.kind, type=entity.type, details=details), session)

    @classmethod
    def _read(cls, arn: str | None, name: str | None, session: Session | None) -> Self:
        """Read an entity by ARN or name."""
        reference = arn or (name and valid_name(name, cls.kind))
        if not reference:
            raise Invalid(f"The {cls.kind.value.lower()} to load is not named; give its ARN")
        return cls._of(lineage_of(session).get(reference, cls.kind), session, loaded=True)

    @classmethod
    def _listing(
        cls, type_: str | None, source_uri: str | None, within: Within, order: Order, session: Session | None
    ) -> Listing[Self]:
        """Return a list of entities that is read at its first use."""
        after, before = within
        sort_by, sort_order, max_results = order
        selection = Selection(
            type=type_,
            source_uri=source_uri,
            created_after=time(after),
            created_before=time(before),
            sort=sort(sort_by),
            ascending=ascending(sort_order),
            limit=most(max_results),
        )
        return Listing(lambda: [cls._of(each, session) for each in lineage_of(session).list(cls.kind, selection)])

    @classmethod
    def _of(cls, vertex: Vertex, session: Session | None, *, loaded: bool = False) -> Self:
        """Return an entity with values that were read already: all, or only those of lists."""
        made = cls(vertex.arn, None, session)
        made._vertex, made._loaded = vertex, loaded
        return made


class DescribedEntity(Entity):
    """An entity with a description: an action or a context."""

    @property
    def description(self) -> str | None:
        """The description. Changes are saved by `save`."""
        return self._changed.get("description", self._full().description)

    @description.setter
    def description(self, description: str | None) -> None:
        self._changed["description"] = description
