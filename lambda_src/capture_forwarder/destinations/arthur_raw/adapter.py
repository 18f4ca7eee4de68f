"""The adapter of Arthur's endpoint for SageMaker Data Capture: sends files of captured lines over HTTP."""

from collections.abc import Callable
from functools import partial
from typing import cast
from uuid import uuid4

from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.arthur_platform.schemas import ArthurSchemas
from capture_forwarder.destinations.arthur_raw import wire
from capture_forwarder.destinations.arthur_raw.settings import ArthurRawSettings
from capture_forwarder.destinations.bodies import Stream
from capture_forwarder.destinations.connecting import Connected, Surroundings
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import Batch, BatchLimits, LineBatch, RowBuilder
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Receipt
from capture_forwarder.domain.route import Route, RowForm


class ArthurRawDestination(ArthurSchemas):
    """Sends captured lines, and caches the attributes of models.

    `boundary` is random: a line cannot hold it, so captured data cannot begin another part of the request.
    """

    form = RowForm.LINES

    def __init__(self, client: HttpClient[str], limits: BatchLimits, clock: Callable[[], float], boundary: str) -> None:
        super().__init__(client, clock)
        self.limits = limits
        self._boundary = boundary

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Return a builder that is never called: lines are sent as they are."""
        del route, source
        return _no_row

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once. Raises `DestinationUnavailable`, `BatchTooLarge` or `BatchRefused`."""
        sent = cast("LineBatch", batch)
        body = Stream(tuple(wire.body(sent.lines, sent.content_type, self._boundary)))
        return wire.read_receipt(self._client.post(wire.captures_path(sent.model_id), body, within_secs), sent.lines)


def _no_row(*_: object) -> object:
    raise TypeError("this destination takes lines")


def connect(settings: ArthurRawSettings, surroundings: Surroundings) -> Connected:
    """Return Arthur as `settings` describe it."""
    boundary = uuid4().hex
    client = HttpClient.of(
        settings,
        token=surroundings.secret(settings.secret),
        headers=partial(headers, organization_id=settings.organization_id),
        of_post=lambda *_: {"Content-Type": wire.content_type(boundary)},
    )
    destination = ArthurRawDestination(client, settings.limits, surroundings.clock, boundary)
    return Connected(destination, destination)
