"""`Association`, as the documentation writes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from integrations.lineage.classes.listing import Listing, ascending, most, sort, time
from integrations.lineage.classes.session import Session, lineage_of
from integrations.lineage.ports import Link, LinksListed

_KEYS: Mapping[str, Callable[[Link], Any]] = {
    "SourceArn": lambda link: link.edge.source,
    "DestinationArn": lambda link: link.edge.destination,
    "SourceType": lambda link: link.source_type,
    "DestinationType": lambda link: link.destination_type,
    "CreationTime": lambda link: link.created.timestamp() if link.created else 0,
}


class _Delete:
    """`delete` of an association, and of the class with both ARNs."""

    def __get__(self, association: "Association | None", owner: type["Association"]) -> Callable[..., None]:
        if association is None:
            return _delete
        return association.remove


class Association:
    """A directed edge: the source came before the destination.

    Args:
        source_arn: The ARN of the source.
        destination_arn: The ARN of the destination.
        association_type: ContributedTo, AssociatedWith, DerivedFrom, Produced, SameAs, or none.
        sagemaker_session: The session; by default the default session.
    """

    def __init__(
        self,
        source_arn: str,
        destination_arn: str,
        association_type: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> None:
        self.source_arn = source_arn
        self.destination_arn = destination_arn
        self.association_type = association_type
        self.source_name = ""
        self.source_type = ""
        self.destination_name = ""
        self.destination_type = ""
        self.creation_time: datetime | None = None
        self.created_by: dict[str, str | None] = {"name": None}
        self._session = sagemaker_session

    def __repr__(self) -> str:
        return f"Association({self.source_arn!r}, {self.destination_arn!r}, {self.association_type!r})"

    @classmethod
    def create(
        cls,
        source_arn: str,
        destination_arn: str,
        association_type: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> "Association":
        """Associate two entities. One that exists is reused.

        Raises:
            Invalid: The type is not known, or SageMaker does not allow this association.
            Cycle: It would close a cycle.
            AlreadyExists: The entities are associated with another type.
            NotFound: An entity does not exist.
        """
        lineage_of(sagemaker_session).link(source_arn, destination_arn, association_type)
        return cls(source_arn, destination_arn, association_type, sagemaker_session)

    @classmethod
    def list(  # noqa: PLR0913, PLR0917 - the documentation's form
        cls,
        source_arn: str | None = None,
        destination_arn: str | None = None,
        association_type: str | None = None,
        created_after: str | datetime | None = None,
        created_before: str | datetime | None = None,
        sort_by: str = "CreationTime",
        sort_order: str = "Descending",
        max_results: int | None = None,
        sagemaker_session: Session | None = None,
        *,
        source_type: str | None = None,
        destination_type: str | None = None,
    ) -> "Listing[Association]":
        """Return a list that is read at its first use; `max_results` limits it, by default all are in it."""
        listed = LinksListed(
            source=source_arn,
            destination=destination_arn,
            type=association_type,
            source_type=source_type,
            destination_type=destination_type,
            created_after=time(created_after),
            created_before=time(created_before),
        )
        if sort_by not in _KEYS:
            sort(sort_by)
        key, reverse, limit = _KEYS.get(sort_by, _KEYS["CreationTime"]), not ascending(sort_order), most(max_results)
        session = sagemaker_session

        def read() -> Any:
            links = sorted(lineage_of(session).links(listed), key=key, reverse=reverse)
            return [cls._of(link, session) for link in links[:limit]]

        return Listing(read)

    delete = _Delete()
    """Delete the association: `association.delete()`, or `Association.delete(source_arn, destination_arn)`."""

    def remove(self) -> None:
        """Delete the association, as `delete` does."""
        _delete(self.source_arn, self.destination_arn, self._session)

    @classmethod
    def _of(cls, link: Link, session: Session | None) -> "Association":
        found = cls(link.edge.source, link.edge.destination, link.edge.type, session)
        found.source_name, found.source_type = link.source_name, link.source_type
        found.destination_name, found.destination_type = link.destination_name, link.destination_type
        found.creation_time, found.created_by = link.created, {"name": link.created_by}
        return found


def _delete(source_arn: str, destination_arn: str, sagemaker_session: Session | None = None) -> None:
    """Delete an association. Raises NotFound if there is none."""
    lineage_of(sagemaker_session).unlink(source_arn, destination_arn)
