"""The dashboard of invocations (L5)."""

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.settings import Settings
from integrations.observability.metric_names import ALLOWED, ENDPOINTS, VARIANT
from integrations.observability.panels import Board, Graph
from integrations.observability.queries import Computed, search


def board(settings: Settings) -> Board:
    """Return the dashboard of all endpoints; new ones appear by themselves."""
    del settings
    return Board(
        name=DashboardName.INVOCATIONS,
        ids=("L5",),
        title="Endpoints Invocations",
        panels=(
            Graph(
                ids=("L5.1", "L5.7"),
                title="Invocations by endpoint and variant",
                queries=(Computed(id="s", expression=search(ALLOWED[ENDPOINTS, "Invocations"], VARIANT, "Sum")),),
                unit="calls in 5 minutes",
            ),
        ),
    )
