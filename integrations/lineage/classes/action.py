"""`Action`, as the documentation writes it."""

from collections.abc import Mapping
from datetime import datetime

from integrations.lineage.classes.entity import DescribedEntity
from integrations.lineage.classes.listing import Listing
from integrations.lineage.classes.session import Session
from integrations.lineage.classes.sources import Given, Source, Tags
from integrations.lineage.graph import Kind


class Action(DescribedEntity):
    """Something that was done: a training, a processing, a deployment.

    Args:
        action_arn: The ARN.
        action_name: The name; either it or the ARN is needed.
        sagemaker_session: The session; by default the default session.
    """

    kind = Kind.ACTION

    def __init__(
        self,
        action_arn: str | None = None,
        action_name: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> None:
        super().__init__(action_arn, action_name, sagemaker_session)

    @property
    def action_arn(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def action_name(self) -> str | None:
        """The name."""
        return self.name

    @property
    def action_type(self) -> str:
        """The type."""
        return self.type

    @property
    def status(self) -> str | None:
        """The status. Changes are saved by `save`."""
        return self._changed.get("status", self._full().status)

    @status.setter
    def status(self, status: str | None) -> None:
        self._changed["status"] = status

    @classmethod
    def create(  # noqa: PLR0913 - the documentation's form
        cls,
        action_name: str | None = None,
        action_type: str | None = None,
        source: Source | None = None,
        properties: Mapping[str, str] | None = None,
        status: str | None = None,
        tags: Tags | None = None,
        sagemaker_session: Session | None = None,
        *,
        source_uri: str | None = None,
        description: str | None = None,
        metadata_properties: Mapping[str, str] | None = None,
    ) -> "Action":
        """Create an action, or reuse the one that exists and add the missing values.

        Raises:
            Invalid: A value is missing, or SageMaker would refuse it.
            AlreadyExists: The name belongs to an action of another type or source.
        """
        given = Given(
            name=action_name,
            type=action_type,
            source=source,
            source_uri=source_uri,
            properties=properties,
            tags=tags,
            status=status,
            description=description,
            metadata=metadata_properties,
        )
        return cls._created(given, sagemaker_session)

    @classmethod
    def load(
        cls, action_arn: str | None = None, sagemaker_session: Session | None = None, *, action_name: str | None = None
    ) -> "Action":
        """Read an action by ARN or name.

        Raises:
            NotFound: There is none.
        """
        return cls._read(action_arn, action_name, sagemaker_session)

    @classmethod
    def list(  # noqa: PLR0913, PLR0917 - the documentation's form
        cls,
        source_uri: str | None = None,
        action_type: str | None = None,
        created_after: str | datetime | None = None,
        created_before: str | datetime | None = None,
        sort_by: str = "CreationTime",
        sort_order: str = "Descending",
        max_results: int | None = None,
        sagemaker_session: Session | None = None,
    ) -> "Listing[Action]":
        """Return a list that is read at its first use; `max_results` limits it, by default all are in it."""
        within, order = (created_after, created_before), (sort_by, sort_order, max_results)
        return cls._listing(action_type, source_uri, within, order, sagemaker_session)
