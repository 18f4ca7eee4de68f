"""Reads how far objects are committed, for commands: the claims of objects, and the records of their runs."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.progress import claim_in, record_in, run_key, table_problem
from capture_forwarder.configuration.names import PROGRESS_KEY
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import ProgressRecord, RunRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEYS_A_READ = 100
_TRIES = 5
_FIRST_PAUSE_SECS = 0.05


class ProgressReader:
    """Reads the items of `table`, a hundred at once; `sleep` waits for seconds."""

    def __init__(self, client: "DynamoDBClient", table: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return how far `sources` are committed, by `state_id`; unknown ones are left out. Raises `Unavailable`."""
        states = {state: source for source in sources if (state := source.state_id)}
        claims = {key: claim_in(item) for key, item in self._items({PROGRESS_KEY: {"S": each}} for each in states)}
        runs = sorted({claim.run for claim in claims.values() if claim.run})
        records = {key: record_in(item) for key, item in self._items(map(run_key, runs))}
        found: dict[str, ProgressRecord] = {}
        for state, claim in claims.items():
            record = records.get(run_key(claim.run)[PROGRESS_KEY]["S"], RunRecord())
            found[state] = record.reached.get(states[state].state_hash) or claim.progress
        return found

    def _items(self, keys: Iterable[Any]) -> Iterator[tuple[str, Any]]:
        wanted = list(keys)
        for start in range(0, len(wanted), _KEYS_A_READ):
            for item in self._read(wanted[start : start + _KEYS_A_READ]):
                yield item[PROGRESS_KEY]["S"], item

    def _read(self, keys: list[Any]) -> list[Any]:
        """Return the items of `keys`; those that a throttled table leaves out are asked for again after a pause.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
        """
        items: list[Any] = []
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(_FIRST_PAUSE_SECS * 2 ** (attempt - 1))
            try:
                answer = self._client.batch_get_item(RequestItems=request)
            except AwsError as error:
                problem = table_problem(error)
                raise Unavailable(
                    problem or f"the progress table answers {code_of(error)}; allow dynamodb:BatchGetItem"
                ) from error
            items += answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys")
            if not request:
                return items
        raise Unavailable("the progress table is throttled; raise its capacity")
