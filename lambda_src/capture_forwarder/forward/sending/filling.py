"""Fill batches, and hand each to its sender."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from capture_forwarder.domain.batch import Batch, BatchLimits, BatchSlice


class BatchFiller(ABC):
    """Fills batches of one model and hands them to `send`, in order.

    `max_rows` is how many elements a batch may have from now on. After `stop` no element is taken any more.
    """

    def __init__(self, model_id: str, limits: BatchLimits, send: Callable[[Batch, list[BatchSlice]], object]) -> None:
        self.max_rows = limits.max_inferences
        self._model_id = model_id
        self._limits = limits
        self._send = send
        self._stopped = False
        self._begin()

    def flush(self) -> None:
        """Send the batch that was begun, if it has elements."""
        if self._slices:
            batch, slices = self._made(), self._slices
            self._begin()
            self._send(batch, slices)

    def stop(self) -> None:
        """Take no more elements, and send none. The other rows of a huge line are not made."""
        self._stopped = True
        self._begin()

    def _begin(self) -> None:
        """Begin an empty batch."""
        self._slices: list[BatchSlice] = []

    @abstractmethod
    def _made(self) -> Batch:
        """Return the batch that was begun."""
