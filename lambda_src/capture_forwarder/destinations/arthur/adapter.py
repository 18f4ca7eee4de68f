"""The adapter of Arthur: sends batches over HTTP, and reads the attributes of models."""

from collections.abc import Callable
from math import inf
from threading import TIMEOUT_MAX, Lock

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable, Receipt
from capture_forwarder.domain.schema import ModelSchema

_SCHEMA_MAX_AGE_SECS = 900.0


def headers(token: str, organization_id: str | None) -> dict[str, str]:
    """Return Arthur's headers: the token without `Bearer`."""
    return {"Authorization": token} | ({"Arthur-Organization-ID": organization_id} if organization_id else {})


class ArthurDestination:
    """Sends inferences, and caches the attributes of models; `clock` counts seconds, for ages and the time left."""

    row = wire.Row

    def __init__(self, client: HttpClient, limits: BatchLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._client = client
        self._clock = clock
        self._schemas: dict[str, tuple[float, ModelSchema]] = {}
        self._reads: dict[str, Lock] = {}

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once. Raises `DestinationUnavailable`, `BatchTooLarge` or `BatchRefused`."""
        answer = self._client.post(wire.inferences_path(batch.model_id), batch.body, within_secs)
        return wire.read_receipt(answer, batch.ids)

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Return the model's attributes, at most fifteen minutes old; older ones while the API is unavailable.

        Attributes change rarely, and rows under attributes that no longer exist are rejected with a reason. Threads
        that ask for the same model at the same time send one request. Raises `DestinationUnavailable` if the
        attributes were never read, and `DestinationDenied` always, because then a person must act.
        """
        ends_at = self._clock() + within_secs
        reading = self._reads.setdefault(model_id, Lock())
        if not reading.acquire(timeout=max(0.0, min(within_secs, TIMEOUT_MAX))):
            return self._last(model_id, DestinationUnavailable("the model's attributes did not come in time"))
        try:
            age_secs = self._clock() - self._schemas[model_id][0] if model_id in self._schemas else inf
            if age_secs >= _SCHEMA_MAX_AGE_SECS:
                answer = self._client.get(wire.model_path(model_id), ends_at - self._clock())
                self._schemas[model_id] = (self._clock(), wire.read_schema(answer))
        except DestinationDenied:
            raise
        except DestinationUnavailable as unavailable:
            return self._last(model_id, unavailable)
        finally:
            reading.release()
        return self._schemas[model_id][1]

    def _last(self, model_id: str, unavailable: DestinationUnavailable) -> ModelSchema:
        if model_id not in self._schemas:
            raise unavailable
        return self._schemas[model_id][1]
