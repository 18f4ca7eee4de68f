"""The senders and decoders of a run: batches are filled across objects."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import inf

from msgspec.structs import replace

from capture_forwarder.domain.batch import RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.route import Route
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.in_flight import InFlight
from capture_forwarder.forward.sending.row_limits import limited
from capture_forwarder.forward.sending.schemas import Schemas
from capture_forwarder.forward.sending.sender import Sender
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.kinds.kind import Decoder, Kind
from capture_forwarder.ports import Destination

_BLOCKING_SHARE = 0.5
# Objects of one route whose rows are built differently, as those of several endpoints, have decoders of their own.
_MAX_DECODERS = 64


class Senders:
    """One sender a model and destination, and one decoder a route, shared by all objects of a run.

    `on_results` is called when `Sender.add` or `decoder` had to wait, and results of any destination were recorded
    meanwhile.
    """

    def __init__(
        self, targets: Mapping[str, Target], kind: Kind, run: Run, on_results: Callable[[], object] = lambda: None
    ) -> None:
        self._targets = targets
        self._kind = kind
        self._run = run
        self._in_flight = InFlight(run, on_results)
        self._senders: dict[tuple[str, str], Sender] = {}
        self._bytes_in_flight: Counter[str] = Counter()
        self._decoders: dict[tuple[str, RowBuilder], Decoder] = {}
        self._schemas = Schemas(run, self._in_flight)
        self._may_block_secs = run.deadline.left_secs(0) * _BLOCKING_SHARE

    def sender(self, route: Route) -> Sender:
        """Return the sender that `route` shares with every other route to the same model."""
        key = (route.destination, route.model_id)
        if key not in self._senders:
            target = self._targets[route.destination]
            self._senders[key] = Sender(
                route.model_id, target, self._run, self._in_flight, self._blocking_limit_secs, self._bytes_in_flight
            )
        return self._senders[key]

    def expect(self, routes: Iterable[Route]) -> None:
        """Make the senders of `routes`, so that a slow one is known to hold up others."""
        for route in routes:
            self.sender(route)

    def decoder(self, route: Route, source: CaptureObject) -> Decoder:
        """Return the decoder of `source`. Raises `DestinationUnavailable` if its schema is not known.

        Objects share it if their rows are built alike. The schema of a model is requested once a run.
        """
        target = self._targets[route.destination]
        schema = self._schemas.schema(target, route.model_id) if route.schema_from_model else route.schema
        build_row = target.destination.rows(route, source)
        key = (route.name, build_row)
        if key not in self._decoders:
            if len(self._decoders) >= _MAX_DECODERS:
                self._decoders.clear()
            self._decoders[key] = self._kind.decoder(
                _as_taken(route, target.destination),
                schema,
                limited(build_row, target.destination.limits),
                lambda other: limited(target.destination.rows(route, other), target.destination.limits),
            )
        return self._decoders[key]

    def flush(self) -> None:
        """Send the batches that were begun."""
        for sender in self._senders.values():
            sender.flush()

    def wait_for_results(self, within_secs: float = 0.5) -> bool:
        """Wait until some requests have ended, at most `within_secs`; return whether any were in flight.

        It waits for all senders at once. When the time for results is over, the requests are abandoned and their rows
        stay pending.
        """
        return self._in_flight.wait(within_secs)

    def _blocking_limit_secs(self) -> float:
        return self._may_block_secs if len(self._senders) > 1 else inf


def _as_taken(route: Route, destination: Destination) -> Route:
    """Return `route` with the form and the ids that its destination takes."""
    limits = destination.limits
    taken = replace(
        route.decoding,
        form=destination.form,
        max_partner_id_chars=min(route.decoding.max_partner_id_chars, limits.max_id_chars),
        refused_encodings=limits.refused_encodings,
        encoding_advice=limits.encoding_advice,
    )
    return replace(route, decoding=taken)
