"""Ports of a deployment that has no table."""

from collections.abc import Collection

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.progress import ProgressRecord


class NoProgress:
    """Remembers nothing: every message starts where it says, and delivery is at least once."""

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return nothing."""
        del sources
        return {}

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Forget it."""
