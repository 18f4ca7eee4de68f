"""The dashboard of training jobs (L10)."""

from capture_forwarder.configuration.observability import DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards.jobs import job_panels
from integrations.observability.choices import of_dimension, of_place
from integrations.observability.metric_names import TRAINING_JOBS
from integrations.observability.panels import Board


def board(settings: Settings) -> Board:
    """Return the dashboard of all training jobs; new ones appear by themselves."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.TRAINING,
        ids=("L10",),
        title="Training Jobs",
        panels=job_panels("L10", TRAINING_JOBS, observed),
        variables=(*of_place(observed), of_dimension("Host", "algo")),
    )
