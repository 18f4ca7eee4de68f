"""The adapter of Arthur: sends batches over HTTP, and reads the attributes of models."""

from collections.abc import Callable

from capture_forwarder.destinations.arthur import wire
from capture_forwarder.destinations.http import HttpClient
from capture_forwarder.destinations.statuses import RequestRefused
from capture_forwarder.domain.batch import Batch, BatchLimits
from capture_forwarder.domain.delivery import DestinationDenied, Reason, Receipt, RejectionCode, RowResult, RowStatus
from capture_forwarder.domain.schema import ModelSchema

_SCHEMA_MAX_AGE_SECS = 900.0


def headers(token: str, organization_id: str | None) -> dict[str, str]:
    """Return Arthur's headers: the token without `Bearer`."""
    return {"Authorization": token} | ({"Arthur-Organization-ID": organization_id} if organization_id else {})


class ArthurDestination:
    """Sends inferences, and caches the attributes of models; `clock` counts seconds, for the age of the cache."""

    row = wire.Row

    def __init__(self, client: HttpClient, limits: BatchLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self._client = client
        self._clock = clock
        self._schemas: dict[str, tuple[float, ModelSchema]] = {}

    def send(self, batch: Batch, *, within_secs: float) -> Receipt:
        """Send `batch` once. Raises `DestinationUnavailable` or `BatchTooLarge`."""
        answer = self._client.post(wire.inferences_path(batch.model_id), batch.body, within_secs)
        try:
            return wire.read_receipt(answer)
        except RequestRefused as refused:
            reason = Reason(RejectionCode.REFUSED_BY_DESTINATION, str(refused))
            return Receipt([RowResult(RowStatus.REJECTED, reason)] * len(batch.ids))

    def schema(self, model_id: str, *, within_secs: float) -> ModelSchema:
        """Return the model's attributes, at most fifteen minutes old. Raises `DestinationUnavailable`."""
        del within_secs
        known = self._schemas.get(model_id)
        if known and self._clock() - known[0] < _SCHEMA_MAX_AGE_SECS:
            return known[1]
        try:
            schema = wire.read_schema(self._client.get(wire.model_path(model_id)))
        except RequestRefused as refused:
            raise DestinationDenied(f"the model's attributes cannot be read: {refused}") from refused
        self._schemas[model_id] = (self._clock(), schema)
        return schema
