"""SageMaker lineage: the model that made the captured inferences, its training data, and the monitor of its rows."""

from integrations.lineage.lineage import Lineage

__all__ = ["Lineage"]
