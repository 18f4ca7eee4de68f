"""The attributes of Arthur's models, read over HTTP and kept for a while."""

from collections.abc import Callable
from math import inf
from threading import TIMEOUT_MAX, Lock

from capture_forwarder.destinations.arthur_platform import models
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.schema import ModelSchema

_SCHEMA_MAX_AGE_SECS = 900.0


class ArthurSchemas:
    """Caches the attributes of models; `clock` counts seconds, for ages and the time left."""

    def __init__(self, client: HttpClient[str], clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock
        self._schemas: dict[str, tuple[float, ModelSchema]] = {}
        self._reads: dict[str, Lock] = {}

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
                answer = self._client.get(models.model_path(model_id), ends_at - self._clock())
                self._schemas[model_id] = (self._clock(), models.read_schema(answer))
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
