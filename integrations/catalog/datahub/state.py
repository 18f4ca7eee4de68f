"""The state of stale removal: S3 and Glue data sets of others never count as removed (F9)."""

import re
from collections.abc import Iterator

from datahub.ingestion.source.state.entity_removal_state import GenericCheckpointState

from integrations.catalog.datahub.urns import is_foreign

_CAPTURES = re.compile(r"urn:li:dataset:\(urn:li:dataPlatform:s3,.*/([^/,]+)/([^/,]+),([A-Z_]+)\)")
_VARIANT = re.compile(
    r"urn:li:dataJob:\(urn:li:dataFlow:\(sagemaker,(?:[^,]*\.)?endpoint:([^,]+),([A-Z_]+)\),([^,]+)\)"
)


class OwnedState(GenericCheckpointState):
    """The URNs of a run, in the format of DataHub's own state, so that a recipe keeps it when its type changes.

    The state of a run of `type: sagemaker` has S3 data sets that the run did not own. They are told from data sets of
    captures by the variants in the same state: `<destination>/<endpoint>/<variant>`.
    """

    def get_urns_not_in(self, type: str, other_checkpoint_state: GenericCheckpointState) -> Iterator[str]:  # noqa: A002 - the name in the base class
        """Yield the owned URNs that the other state lacks."""
        foreign = foreign_urns(self.urns)
        yield from (urn for urn in super().get_urns_not_in(type, other_checkpoint_state) if urn not in foreign)

    def get_percent_entities_changed(self, old_checkpoint_state: GenericCheckpointState) -> float:
        """Return how many percent of the owned URNs of the other, older state this one lacks."""
        foreign = foreign_urns(old_checkpoint_state.urns)
        owned = GenericCheckpointState(urns=[urn for urn in old_checkpoint_state.urns if urn not in foreign])
        return super().get_percent_entities_changed(owned)


def foreign_urns(urns: list[str]) -> set[str]:
    """Return the S3 and Glue data sets that are not those of captures of a variant in `urns`."""
    variants = {(found[1], found[3], found[2]) for urn in urns if (found := _VARIANT.fullmatch(urn))}
    return {urn for urn in urns if is_foreign(urn) and _captures(urn) not in variants}


def _captures(urn: str) -> tuple[str, ...] | None:
    found = _CAPTURES.fullmatch(urn)
    return found.groups() if found else None
