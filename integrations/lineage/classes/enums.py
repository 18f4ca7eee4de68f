"""The enums of the documentation."""

from enum import StrEnum

from integrations.lineage.graph import Direction


class LineageEntityEnum(StrEnum):
    """The kinds of entities that a filter may name."""

    ARTIFACT = "Artifact"
    ACTION = "Action"
    CONTEXT = "Context"
    TRIAL_COMPONENT = "TrialComponent"
    ASSOCIATION = "Association"
    """Associations are the edges of an answer. As a filter it matches no entity."""


class LineageQueryDirectionEnum(StrEnum):
    """The direction of a query."""

    ASCENDANTS = "Ascendants"
    DESCENDANTS = "Descendants"
    BOTH = "Both"


DIRECTIONS = {
    LineageQueryDirectionEnum.ASCENDANTS: Direction.UP,
    LineageQueryDirectionEnum.DESCENDANTS: Direction.DOWN,
    LineageQueryDirectionEnum.BOTH: Direction.BOTH,
}
