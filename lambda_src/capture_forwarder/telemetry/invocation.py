"""The invocation that a log line belongs to: the request id of Lambda, and the ids of the messages of SQS.

Lambda names the request in `Task timed out`, and a dead letter has the id of its message. Both lead to the log lines.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from capture_forwarder.domain.capture import CaptureObject

# The default size of a batch. A batch may have 10,000 messages, and an event of CloudWatch Logs has a limit.
_IDS_A_LINE = 10
_IDS_A_LIST = 1000


class Invocation:
    """One invocation: its request id, and the objects that each message of it names."""

    def __init__(self, request_id: str = "", messages: Mapping[str, Sequence[CaptureObject]] = {}) -> None:
        self._request_id = request_id
        self._ids = list(messages)
        self._by_object: defaultdict[str, list[str]] = defaultdict(list)
        for message_id, sources in messages.items():
            for source in sources:
                self._by_object[source.state_hash].append(message_id)

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of every log line: the request id, and the ids of the first ten messages."""
        return {"function_request_id": self._request_id, "message_ids": self._ids[:_IDS_A_LINE]}

    def message_ids(self, source: CaptureObject) -> list[str]:
        """Return the ids of the first ten messages that name `source`."""
        return self._by_object.get(source.state_hash, [])[:_IDS_A_LINE]

    def lists(self) -> Iterator[list[str]]:
        """Yield the ids of all messages, in lists that fit into a log line."""
        remaining = iter(self._ids)
        while some := list(islice(remaining, _IDS_A_LIST)):
            yield some
