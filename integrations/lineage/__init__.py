"""SageMaker lineage: which model made the captured inferences, what it was trained on, and where its rows are sent."""

from integrations.lineage.lineage import Lineage

__all__ = ["Lineage"]
