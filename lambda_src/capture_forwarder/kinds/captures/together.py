"""Calls of one row each that are decoded together, so that their checks run once for all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from capture_forwarder.kinds.captures.envelope import SHADOW, decode_captured_call
from capture_forwarder.kinds.captures.learned_calls import Declaration
from capture_forwarder.payloads.compiled_types import REFUSED

# More calls together are not faster, and take more memory. Checks are a small part of the time of a long line.
MIN_CALLS, MAX_CALLS = 4, 32
_MAX_MEAN_BYTES = 4_000
_MAX_PAUSE = 64


class CallsTogether(Struct, frozen=True, gc=False):
    """Several calls that are declared alike, in order."""

    ids: Sequence[str]
    inference_ids: Sequence[str | None]
    times: Sequence[datetime]
    requests: Sequence[str]
    responses: Sequence[str]
    declaration: Declaration

    @property
    def with_inference_ids(self) -> Iterator[tuple[str, str, str]]:
        """The id, the request and the response of each call whose id its caller chose."""
        if any(self.inference_ids):
            calls = zip(self.ids, self.inference_ids, self.requests, self.responses, strict=True)
            yield from ((one, request, response) for one, chosen, request, response in calls if one is chosen)


class Attempts(Struct):
    """Decides whether calls are decoded together. Each failure in a row doubles the pause until the next attempt."""

    failures: int = 0
    pause: int = 0

    def is_due(self) -> bool:
        """Tell whether the next calls are decoded together."""
        if self.pause:
            self.pause -= 1
            return False
        return True

    def count(self, *, has_failed: bool) -> None:
        """Count an attempt."""
        self.failures = min(2 * self.failures + 1, _MAX_PAUSE) if has_failed else 0
        self.pause = self.failures


def calls_together(lines: Sequence[bytes], *, by_event: bool, max_id_chars: int) -> CallsTogether | None:
    """Return the calls in `lines`, or `None` if one of them is no whole call, or has other encodings or types."""
    if sum(map(len, lines)) > _MAX_MEAN_BYTES * len(lines):
        return None
    try:
        calls = list(map(decode_captured_call, lines))
    except REFUSED:
        return None
    # One loop over all fields is faster than one loop for each.
    fields = [
        (
            event.event_id,
            event.inference_id,
            event.inference_time,
            event.invocation_source,
            asked.data,
            answered.data,
            (asked.encoding, asked.observed_content_type, answered.encoding, answered.observed_content_type),
        )
        for call in calls
        for event in [call.event_metadata]
        for asked in [call.capture_data.endpoint_input]
        for answered in [call.capture_data.endpoint_output]
    ]
    event_ids, inference_ids, times, sources, requests, responses, declarations = zip(*fields, strict=True)
    ids = event_ids
    if not by_event and any(inference_ids):
        ids = tuple(chosen or one for chosen, one in zip(inference_ids, event_ids, strict=True))
    is_alike = declarations.count(declarations[0]) == len(calls)
    if not is_alike or SHADOW in sources or max(map(len, ids)) > max_id_chars:
        return None
    return CallsTogether(ids, inference_ids, times, requests, responses, declarations[0])
