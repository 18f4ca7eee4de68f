"""Progress in DynamoDB: one item for each version of an object.

Writes are conditional on the fence that the writer has read. Of two invocations that work on one object, only the later
one can save progress.
"""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.configuration.names import PROGRESS_EXPIRY, PROGRESS_KEY
from capture_forwarder.domain.capture import CaptureObject, ReadOffset
from capture_forwarder.domain.delivery import LeaseLost, Unavailable
from capture_forwarder.domain.progress import ProgressRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEYS_A_READ = 100
_TRIES = 5
_FIRST_PAUSE_SECS = 0.05


class NoProgress:
    """Progress without a table: every object is read from the offset in its message, and delivery is at least once."""

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return no record."""
        del sources
        return {}

    def save(self, source: CaptureObject, record: ProgressRecord, *, expected_fence: int) -> None:
        """Store nothing."""


class DynamoProgress:
    """Stores progress records in `table`.

    Items expire `keep_secs` after their last write, long after S3's last redelivery. `now` gives seconds since the
    epoch; `sleep` waits for seconds.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
        keep_secs: int = 45 * 86_400,
    ) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._sleep = sleep
        self._keep_secs = keep_secs

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return the stored records of `sources` by `state_id`; reads a hundred at once. Raises `Unavailable`."""
        wanted = sorted({state for source in sources if (state := source.state_id)})
        records: dict[str, ProgressRecord] = {}
        for start in range(0, len(wanted), _KEYS_A_READ):
            records |= self._read([{PROGRESS_KEY: {"S": state}} for state in wanted[start : start + _KEYS_A_READ]])
        return records

    def save(self, source: CaptureObject, record: ProgressRecord, *, expected_fence: int) -> None:
        """Store `record` if the stored fence is still `expected_fence`. Raises `LeaseLost`, `Unavailable`."""
        state = source.state_id
        if state is None:
            return
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(state, record) | {PROGRESS_EXPIRY: {"N": str(int(self._now()) + self._keep_secs)}},
                ConditionExpression="attribute_not_exists(fence) OR fence = :seen",
                ExpressionAttributeValues={":seen": {"N": str(expected_fence)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise LeaseLost(f"{source.uri}: another invocation has taken it over") from error
        except AwsError as error:
            raise _unavailable(error) from error

    def _read(self, keys: list[dict[str, Any]]) -> dict[str, ProgressRecord]:
        """Return the records of `keys`; those that a throttled table leaves out are asked for again after a pause.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
        """
        records: dict[str, ProgressRecord] = {}
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(_FIRST_PAUSE_SECS * 2 ** (attempt - 1))
            try:
                answer = self._client.batch_get_item(RequestItems=request)
            except AwsError as error:
                raise _unavailable(error) from error
            records |= {item[PROGRESS_KEY]["S"]: _record(item) for item in answer["Responses"].get(self._table, [])}
            request = answer.get("UnprocessedKeys")
            if not request:
                return records
        raise Unavailable("the progress table is throttled; raise its capacity")


def _item(state: str, record: ProgressRecord) -> Any:
    numbers = {
        "byte_offset": record.read_offset.offset,
        "lines": record.read_offset.lines,
        "fence": record.fence,
        "leased_until": record.leased_until,
        "accepted": record.accepted,
        "rejected": record.rejected,
    }
    if record.quarantined_up_to is not None:
        numbers["quarantined_up_to"] = record.quarantined_up_to
    flags = {"done": record.done, "compressed": record.read_offset.compressed}
    return (
        {PROGRESS_KEY: {"S": state}}
        | {name: {"N": str(number)} for name, number in numbers.items()}
        | {name: {"BOOL": flag} for name, flag in flags.items()}
    )


def _record(item: Any) -> ProgressRecord:
    return ProgressRecord(
        read_offset=ReadOffset(int(item["byte_offset"]["N"]), int(item["lines"]["N"]), item["compressed"]["BOOL"]),
        done=item["done"]["BOOL"],
        fence=int(item["fence"]["N"]),
        leased_until=float(item["leased_until"]["N"]),
        accepted=int(item["accepted"]["N"]),
        rejected=int(item["rejected"]["N"]),
        quarantined_up_to=int(item["quarantined_up_to"]["N"]) if "quarantined_up_to" in item else None,
    )


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the progress table answers {code_of(error)}; allow the function to read and write it")
