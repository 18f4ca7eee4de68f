"""The snapshots that DataHub's processors make. Their types are unions of all entities, so they are `Any` here."""

from typing import Any, cast

from datahub.ingestion.api.workunit import MetadataWorkUnit
from datahub.metadata.schema_classes import MetadataChangeEventClass

# The processors of DataHub get no client: the reader has made all calls before.
NO_CLIENT: Any = None


def snapshot_of(unit: MetadataWorkUnit) -> Any:
    """Return the snapshot of a work unit of DataHub's processors; its first aspect is the one with the properties."""
    return cast("MetadataChangeEventClass", unit.metadata).proposedSnapshot
