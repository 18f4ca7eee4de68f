"""Progress in DynamoDB: one item for each state of an object.

Writes are conditional on the fence that the writer has seen, so of two invocations that hold the same object only the
later one's progress counts.
"""

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


class DynamoProgress:
    """Remembers positions in `table`; items expire `keep_secs` after their last write, long after S3's last redelivery.

    `now` gives seconds since the epoch.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, *, now: Callable[[], float], keep_secs: int = 45 * 86_400
    ) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._keep_secs = keep_secs

    def load(self, sources: Collection[CaptureObject]) -> dict[str, ProgressRecord]:
        """Return what is remembered of `sources`, by `state_id`, in one read a hundred. Raises `Unavailable`."""
        wanted = sorted({source.state_id for source in sources if source.state_id})
        positions: dict[str, ProgressRecord] = {}
        for start in range(0, len(wanted), _KEYS_A_READ):
            positions |= self._read([{PROGRESS_KEY: {"S": state}} for state in wanted[start : start + _KEYS_A_READ]])
        return positions

    def save(self, source: CaptureObject, position: ProgressRecord, *, expected_fence: int) -> None:
        """Write `position` if the fence is still `expected_fence`. Raises `LeaseLost`, `Unavailable`."""
        if source.state_id is None:
            return
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(source.state_id, position)
                | {PROGRESS_EXPIRY: {"N": str(int(self._now()) + self._keep_secs)}},
                ConditionExpression="attribute_not_exists(fence) OR fence = :seen",
                ExpressionAttributeValues={":seen": {"N": str(expected_fence)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise LeaseLost(f"{source.uri}: another invocation has taken it over") from error
        except AwsError as error:
            raise _unavailable(error) from error

    def _read(self, keys: list[dict[str, Any]]) -> dict[str, ProgressRecord]:
        found: dict[str, ProgressRecord] = {}
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(_TRIES):
            try:
                answer = self._client.batch_get_item(RequestItems=request)
            except AwsError as error:
                raise _unavailable(error) from error
            found |= {item[PROGRESS_KEY]["S"]: _position(item) for item in answer["Responses"].get(self._table, [])}
            request = answer.get("UnprocessedKeys")
            if not request:
                return found
        raise Unavailable("the progress table is throttled; raise its capacity")


def _item(state: str, position: ProgressRecord) -> Any:
    numbers = {
        "byte_offset": position.read_offset.offset,
        "lines": position.read_offset.lines,
        "fence": position.fence,
        "leased_until": position.leased_until,
        "accepted": position.accepted,
        "rejected": position.rejected,
    }
    if position.quarantined_up_to is not None:
        numbers["quarantined_up_to"] = position.quarantined_up_to
    flags = {"done": position.done, "compressed": position.read_offset.compressed}
    return (
        {PROGRESS_KEY: {"S": state}}
        | {name: {"N": str(number)} for name, number in numbers.items()}
        | {name: {"BOOL": flag} for name, flag in flags.items()}
    )


def _position(item: Any) -> ProgressRecord:
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
