"""`Context`, as the documentation writes it."""

from collections.abc import Mapping
from datetime import datetime

from integrations.lineage.classes.entity import DescribedEntity
from integrations.lineage.classes.listing import Listing
from integrations.lineage.classes.session import Session
from integrations.lineage.classes.sources import Given, Source, Tags
from integrations.lineage.graph import Kind


class Context(DescribedEntity):
    """A group of entities: a pipeline, a project, an endpoint.

    Args:
        context_arn: The ARN.
        context_name: The name; either it or the ARN is needed.
        sagemaker_session: The session; by default the default session.
    """

    kind = Kind.CONTEXT

    def __init__(
        self,
        context_arn: str | None = None,
        context_name: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> None:
        super().__init__(context_arn, context_name, sagemaker_session)

    @property
    def context_arn(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def context_name(self) -> str | None:
        """The name."""
        return self.name

    @property
    def context_type(self) -> str:
        """The type."""
        return self.type

    @classmethod
    def create(  # noqa: PLR0913 - the documentation's form
        cls,
        context_name: str | None = None,
        context_type: str | None = None,
        source: Source | None = None,
        properties: Mapping[str, str] | None = None,
        tags: Tags | None = None,
        sagemaker_session: Session | None = None,
        *,
        source_uri: str | None = None,
        description: str | None = None,
    ) -> "Context":
        """Create a context, or reuse the one that exists and add the missing values.

        Raises:
            Invalid: A value is missing, or SageMaker would refuse it.
            AlreadyExists: The name belongs to a context of another type or source.
        """
        given = Given(
            name=context_name,
            type=context_type,
            source=source,
            source_uri=source_uri,
            properties=properties,
            tags=tags,
            description=description,
        )
        return cls._created(given, sagemaker_session)

    @classmethod
    def load(
        cls,
        context_arn: str | None = None,
        sagemaker_session: Session | None = None,
        *,
        context_name: str | None = None,
    ) -> "Context":
        """Read a context by ARN or name.

        Raises:
            NotFound: There is none.
        """
        return cls._read(context_arn, context_name, sagemaker_session)

    @classmethod
    def list(  # noqa: PLR0913, PLR0917 - the documentation's form
        cls,
        source_uri: str | None = None,
        context_type: str | None = None,
        created_after: str | datetime | None = None,
        created_before: str | datetime | None = None,
        sort_by: str = "CreationTime",
        sort_order: str = "Descending",
        max_results: int | None = None,
        sagemaker_session: Session | None = None,
    ) -> "Listing[Context]":
        """Return a list that is read at its first use; `max_results` limits it, by default all are in it."""
        within, order = (created_after, created_before), (sort_by, sort_order, max_results)
        return cls._listing(context_type, source_uri, within, order, sagemaker_session)

    def add_artifact(self, artifact_arn: str, association_type: str = "AssociatedWith") -> None:
        """Associate the context with an artifact."""
        self._lineage.add_to(self.arn, [artifact_arn], association_type)

    def add_action(self, action_arn: str, association_type: str = "AssociatedWith") -> None:
        """Associate the context with an action."""
        self._lineage.add_to(self.arn, [action_arn], association_type)
