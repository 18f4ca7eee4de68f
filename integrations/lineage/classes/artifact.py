"""`Artifact`, as the documentation writes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from integrations.lineage.classes.entity import Entity
from integrations.lineage.classes.listing import Listing
from integrations.lineage.classes.session import Session
from integrations.lineage.classes.sources import Given, Source, Tags
from integrations.lineage.graph import Kind


class Artifact(Entity):
    """Something with a URI: a data set, a model, an image.

    Args:
        artifact_arn: The ARN.
        artifact_name: The name; either it or the ARN is needed.
        sagemaker_session: The session; by default the default session.
    """

    kind = Kind.ARTIFACT
    _disassociates = True

    def __init__(
        self,
        artifact_arn: str | None = None,
        artifact_name: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> None:
        super().__init__(artifact_arn, artifact_name, sagemaker_session)

    @property
    def artifact_arn(self) -> str:
        """The ARN."""
        return self.arn

    @property
    def artifact_name(self) -> str | None:
        """The name."""
        return self.name

    @property
    def artifact_type(self) -> str:
        """The type."""
        return self.type

    @classmethod
    def create(  # noqa: PLR0913 - the documentation's form
        cls,
        artifact_name: str | None = None,
        artifact_type: str | None = None,
        source: Source | None = None,
        properties: Mapping[str, str] | None = None,
        tags: Tags | None = None,
        sagemaker_session: Session | None = None,
        *,
        source_uri: str | None = None,
        source_types: Sequence[Mapping[str, str]] | None = None,
        metadata_properties: Mapping[str, str] | None = None,
    ) -> "Artifact":
        """Create an artifact, or reuse the one that exists and add the missing values.

        Raises:
            Invalid: A value is missing, or SageMaker would refuse it.
            AlreadyExists: The source belongs to an artifact of another type.
        """
        given = Given(
            name=artifact_name,
            type=artifact_type,
            source=source,
            source_uri=source_uri,
            properties=properties,
            tags=tags,
            source_types=source_types,
            metadata=metadata_properties,
        )
        return cls._created(given, sagemaker_session)

    @classmethod
    def load(
        cls,
        artifact_arn: str | None = None,
        sagemaker_session: Session | None = None,
    ) -> "Artifact":
        """Read an artifact by ARN.

        Raises:
            NotFound: There is none.
        """
        return cls._read(artifact_arn, None, sagemaker_session)

    @classmethod
    def list(  # noqa: PLR0913, PLR0917 - the documentation's form
        cls,
        source_uri: str | None = None,
        artifact_type: str | None = None,
        created_after: str | datetime | None = None,
        created_before: str | datetime | None = None,
        sort_by: str = "CreationTime",
        sort_order: str = "Descending",
        max_results: int | None = None,
        sagemaker_session: Session | None = None,
    ) -> "Listing[Artifact]":
        """Return a list that is read at its first use; `max_results` limits it, by default all are in it."""
        within, order = (created_after, created_before), (sort_by, sort_order, max_results)
        return cls._listing(artifact_type, source_uri, within, order, sagemaker_session)
