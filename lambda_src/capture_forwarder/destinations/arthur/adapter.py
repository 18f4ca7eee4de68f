"""The adapter of Arthur: sends batches of rows over HTTP."""

from collections.abc import Callable
from functools import partial

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.destinations.arthur.settings import ArthurSettings
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.arthur_platform.schemas import ArthurSchemas
from capture_forwarder.destinations.connecting import Connected, Surroundings
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import Batch, BatchLimits, RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Receipt
from capture_forwarder.domain.route import Route, RowForm


class ArthurDestination(ArthurSchemas):
    """Sends inferences, and caches the attributes of models; `clock` counts seconds, for ages and the time left."""

    form = RowForm.FLAT

    def __init__(self, client: HttpClient[str], limits: BatchLimits, clock: Callable[[], float]) -> None:
        super().__init__(client, clock)
        self.limits = limits

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Return the builder of rows; it is the same for all objects."""
        del route, source
        return wire.Row

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once. Raises `DestinationUnavailable`, `BatchTooLarge` or `BatchRefused`."""
        answer = self._client.post(wire.inferences_path(batch.model_id), batch.body, within_secs)
        return wire.read_receipt(answer, batch.ids)


def connect(settings: ArthurSettings, surroundings: Surroundings) -> Connected:
    """Return Arthur as `settings` describe it."""
    client = HttpClient.of(
        settings,
        token=surroundings.secret(settings.secret),
        headers=partial(headers, organization_id=settings.organization_id),
    )
    destination = ArthurDestination(client, settings.limits, surroundings.clock)
    return Connected(destination, destination)
