"""The classes of SageMaker's lineage documentation, under their names and with their call shapes.

    from integrations.lineage.classes import Artifact, LineageQuery

Where the documentation differs from SageMaker, `docs/lineage.md` describes the difference.
"""

from integrations.lineage.classes import session
from integrations.lineage.classes.action import Action
from integrations.lineage.classes.artifact import Artifact
from integrations.lineage.classes.association import Association
from integrations.lineage.classes.context import Context
from integrations.lineage.classes.enums import LineageEntityEnum, LineageQueryDirectionEnum
from integrations.lineage.classes.query import LineageFilter, LineageQuery
from integrations.lineage.classes.session import Session
from integrations.lineage.classes.visualizer import LineageTableVisualizer

__all__ = [
    "Action",
    "Artifact",
    "Association",
    "Context",
    "LineageEntityEnum",
    "LineageFilter",
    "LineageQuery",
    "LineageQueryDirectionEnum",
    "LineageTableVisualizer",
    "Session",
    "session",
]
