"""S3 data sets that other sources own: they are referred to, never revived, removed or overwritten (F9)."""

from typing import Any

from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.specific.dataset import DatasetPatchBuilder


def described(urn: str, details: dict[str, Any]) -> MetadataWorkUnit:
    """Return a patch that adds `details` to the custom properties of a data set and leaves all others as they are.

    The work unit is marked as one of another source, so no `status` is made for it, and it never becomes stale.
    """
    builder = DatasetPatchBuilder(urn)
    for name, value in sorted(details.items()):
        builder.add_custom_property(name, str(value))
    (proposal,) = builder.build()
    return MetadataWorkUnit(id=f"{urn}-properties", mcp_raw=proposal, is_primary_source=False)
