"""All dashboards by name."""

from collections.abc import Callable, Mapping

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.settings import Settings
from integrations.observability.boards import invocations
from integrations.observability.panels import Board

BOARDS: Mapping[DashboardName, Callable[[Settings], Board]] = {
    DashboardName.INVOCATIONS: invocations.board,
}


def boards(settings: Settings) -> tuple[Board, ...]:
    """Return the dashboards of `settings`, in the order of the file; none without `[observability]`."""
    chosen = settings.observability.dashboards if settings.observability else ()
    return tuple(BOARDS[name](settings) for name in chosen if name in BOARDS)
