"""The ways from routes to models, for the length of a replay."""

from collections.abc import Mapping

from capture_forwarder.domain.capture import Line
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.ways import Ways
from capture_forwarder.kinds.captures.plain import Outcome


class ReplayWays(Ways):
    """Those of every run; what was learned of the last line, and of a destination that does not answer, is kept."""

    def __init__(self, outlets: Mapping[str, Outlet], run: Run) -> None:
        super().__init__(outlets, run)
        self._unavailable: dict[str, Unavailable] = {}
        self._last: tuple[str, Line, Outcome] | None = None

    def outcome(self, route: Route, line: Line) -> Outcome:
        """Return what `line` becomes; rows rejected one by one stand beside each other, so the last one is kept.

        Raises `DestinationUnavailable` if the route's schema is not known; nobody is asked a second time then.
        """
        if route.name in self._unavailable:
            raise self._unavailable[route.name]
        try:
            way = self.way(route)
        except Unavailable as unavailable:
            self._unavailable[route.name] = unavailable
            raise
        if self._last is None or self._last[:2] != (route.name, line):
            self._last = (route.name, line, way.plain(line))
        return self._last[2]
