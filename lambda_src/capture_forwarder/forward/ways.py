"""The ways from routes to models, for the length of a run."""

from collections.abc import Mapping

from msgspec import Struct

from capture_forwarder.domain.route import Route
from capture_forwarder.forward.lane import Lane
from capture_forwarder.forward.outlet import Outlet
from capture_forwarder.forward.run import Run
from capture_forwarder.kinds.captures.compiled import FastPath, fast_path
from capture_forwarder.kinds.captures.plain import Transform


class Way(Struct, frozen=True):
    """What makes lines of a route into inferences: `fast` where its schema allows it, `plain` for all the rest."""

    plain: Transform
    fast: FastPath | None


class Ways:
    """One lane a model and destination, and one way a route, shared by all objects of a run."""

    def __init__(self, outlets: Mapping[str, Outlet], run: Run) -> None:
        self._outlets = outlets
        self._run = run
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._ways: dict[str, Way] = {}

    def lane(self, route: Route) -> Lane:
        """Return the lane that `route` shares with every other route to the same model."""
        key = (route.destination, route.model_id)
        if key not in self._lanes:
            self._lanes[key] = Lane(route.model_id, self._outlets[route.destination], self._run)
        return self._lanes[key]

    def way(self, route: Route) -> Way:
        """Return how lines of `route` become inferences. Raises `DestinationUnavailable` if its schema is not known."""
        if route.name not in self._ways:
            outlet = self._outlets[route.destination]
            schema = outlet.schemas.schema(route.model_id) if route.schema_from_model else route.schema
            fast = fast_path(route.decoding, schema, outlet.destination.row) if schema else None
            self._ways[route.name] = Way(Transform(route.decoding, schema), fast)
        return self._ways[route.name]

    def flush(self) -> None:
        """Post what every lane has gathered."""
        for lane in self._lanes.values():
            lane.flush()

    def settle_some(self) -> bool:
        """Wait until some posts are settled; return whether any were under way."""
        return any(lane.settle_some() for lane in self._lanes.values())

    def drain(self) -> None:
        """Post what was gathered and wait until every post is settled."""
        self.flush()
        while self.settle_some():
            pass
