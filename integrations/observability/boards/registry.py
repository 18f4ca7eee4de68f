"""All dashboards by name."""

from collections.abc import Callable, Mapping

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards import (
    audit,
    captures,
    endpoints,
    feature_store,
    invocation_log,
    invocations,
    models,
    overview,
    pipelines,
    processing,
    runtime,
    training,
    transform,
)
from integrations.observability.panels import Board

BOARDS: Mapping[DashboardName, Callable[[Settings], Board]] = {
    DashboardName.OVERVIEW: overview.board,
    DashboardName.AUDIT: audit.board,
    DashboardName.INVOCATION_LOG: invocation_log.board,
    DashboardName.RUNTIME: runtime.board,
    DashboardName.MODELS: models.board,
    DashboardName.ENDPOINTS: endpoints.board,
    DashboardName.INVOCATIONS: invocations.board,
    DashboardName.FEATURE_STORE: feature_store.board,
    DashboardName.PIPELINES: pipelines.board,
    DashboardName.PROCESSING: processing.board,
    DashboardName.TRANSFORM: transform.board,
    DashboardName.TRAINING: training.board,
    DashboardName.CAPTURES: captures.board,
}


def boards(settings: Settings) -> tuple[Board, ...]:
    """Return the dashboards of `settings`, in the order of the file; none without `[observability]`."""
    chosen = settings.observability.dashboards if settings.observability else ()
    return tuple(BOARDS[name](settings) for name in chosen)
