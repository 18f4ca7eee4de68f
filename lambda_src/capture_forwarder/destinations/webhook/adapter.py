"""The adapter of a webhook: sends batches of CloudEvents over HTTP."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from capture_forwarder.destinations.bodies import Body, Stream
from capture_forwarder.destinations.connecting import Connected, Surroundings
from capture_forwarder.destinations.http import HttpClient, Token
from capture_forwarder.destinations.webhook import wire
from capture_forwarder.destinations.webhook.settings import WebhookSettings
from capture_forwarder.domain.batch import Batch, BatchLimits, RowBuilder
from capture_forwarder.domain.capture import CaptureObject, CaptureOrigin
from capture_forwarder.domain.delivery import Receipt
from capture_forwarder.domain.route import Route, RowForm

_MAX_BUILDERS = 1024


class WebhookDestination:
    """Sends inferences as events."""

    form = RowForm.APART

    def __init__(self, client: HttpClient[tuple[str, ...]], limits: BatchLimits, source_prefix: str, path: str) -> None:
        self.limits = limits
        self._client = client
        self._path = path
        # The same builder for objects of one variant, so that they share a decoder.
        self._builder = lru_cache(_MAX_BUILDERS)(
            lambda origin, model_id: wire.event_builder(origin, model_id, source_prefix)
        )

    def rows(self, route: Route, source: CaptureObject) -> RowBuilder:
        """Return the builder of the events of `source`."""
        return self._builder(CaptureOrigin.of(source), route.model_id)

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once. Raises `DestinationUnavailable`, `BatchTooLarge` or `BatchRefused`."""
        return wire.read_receipt(self._client.post(self._path, batch.body, within_secs), batch.ids)


class _Secrets:
    """Several secrets that are read together, in a fixed order; a refresh reads all of them again."""

    def __init__(self, tokens: Sequence[Token[str]], clock: Callable[[], float]) -> None:
        self._tokens = tokens
        self._clock = clock

    def __call__(self, *, within_secs: float, refresh: bool = False) -> tuple[str, ...]:
        """Return the secrets, all `within_secs`. Raises `DestinationDenied` or `DestinationUnavailable`."""
        ends_at = self._clock() + within_secs
        return tuple(token(within_secs=ends_at - self._clock(), refresh=refresh) for token in self._tokens)


def connect(settings: WebhookSettings, surroundings: Surroundings) -> Connected:
    """Return the webhook that `settings` describe."""
    secrets = _Secrets([surroundings.secret(reference) for reference in settings.secrets.values()], surroundings.clock)
    names = list(settings.headers)
    client = HttpClient.of(
        settings,
        token=secrets,
        headers=lambda values: dict(zip(names, values, strict=False)),
        of_post=_signing(signs=settings.signing_secret is not None, now=surroundings.now),
    )
    path = "/" if settings.url.endswith("/") else ""  # the client drops it, and another path may be another receiver
    return Connected(WebhookDestination(client, settings.limits, settings.source_prefix, path))


def _signing(*, signs: bool, now: Callable[[], float]) -> Callable[[tuple[str, ...], Body], dict[str, str]]:
    """Return the further headers of a request; the key is the last of the secrets."""

    def headers(values: tuple[str, ...], body: Body) -> dict[str, str]:
        content = {"Content-Type": wire.CONTENT_TYPE}
        return (
            content
            | wire.signature_headers(values[-1], int(now()), b"".join(body) if isinstance(body, Stream) else body)
            if signs
            else content
        )

    return headers
