"""Progress in DynamoDB: one item for each version of an object, with the name of its run, and one item for each run.

Every write is conditional, and a refusal brings the stored item with it. ADR 0018 explains the design.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.configuration.names import PROGRESS_EXPIRY, PROGRESS_KEY
from capture_forwarder.domain.capture import ReadOffset
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# The key of a run's item. No object has it, because it holds no "/".
_RUN_KEY = "run#"
# The item of a run must outlive the claims that name it: without it a done object looks like an open one.
_RUN_KEEPS_LONGER_SECS = 86_400

Item = Mapping[str, Any]


class DynamoProgress:
    """Stores progress in `table`.

    Claims expire `keep_secs` after their last write, long after S3's last redelivery. DynamoDB deletes expired items
    days later, so a claim that has expired counts as absent. `now` gives seconds since the epoch.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        calls: TimedCalls,
        *,
        now: Callable[[], float],
        keep_secs: int = 45 * 86_400,
    ) -> None:
        self._client = client
        self._table = table
        self._calls = calls
        self._now = now
        self._keep_secs = keep_secs

    def claim(self, state: str, claim: Claim, *, over: Claim | None, within_secs: float) -> Claim:
        """Store `claim` of the object `state`, or in place of `over`; return the claim that is there.

        Raises `Unavailable`.
        """
        item = _claim_item(state, claim, self._expiry(0))
        stored = self._put(item, _condition(over, self._expiry(-self._keep_secs)), within_secs)
        return claim if stored is None else claim_in(stored)

    def look(self, run: str, *, within_secs: float) -> RunRecord | None:
        """Return the record of a run; `None` if it never saved one. Raises `Unavailable`."""
        answer = self._call(
            within_secs, self._client.get_item, TableName=self._table, Key=run_key(run), ConsistentRead=True
        )
        return record_in(answer["Item"]) if "Item" in answer else None

    def take(self, run: str, *, within_secs: float) -> RunRecord:
        """Mark a run as taken, so that it cannot save any more, and return its record. Raises `Unavailable`."""
        answer = self._call(
            within_secs,
            self._client.update_item,
            TableName=self._table,
            Key=run_key(run),
            UpdateExpression=f"SET taken = :yes, {PROGRESS_EXPIRY} = :expiry",
            ExpressionAttributeValues={":yes": {"BOOL": True}, ":expiry": self._expiry(_RUN_KEEPS_LONGER_SECS)},
            ReturnValues="ALL_NEW",
        )
        return record_in(answer["Attributes"])

    def save(self, run: str, record: RunRecord, *, within_secs: float) -> RunRecord:
        """Store `record` if the stored one has one save less and is not taken; return the record that is there.

        Raises `Unavailable`.
        """
        item = _run_item(run, record, self._expiry(_RUN_KEEPS_LONGER_SECS))
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(taken) AND attribute_not_exists(saves)"
        }
        if record.saves > 1:
            condition = {
                "ConditionExpression": "attribute_not_exists(taken) AND saves = :before",
                "ExpressionAttributeValues": {":before": {"N": str(record.saves - 1)}},
            }
        stored = self._put(item, condition, within_secs)
        return record if stored is None else record_in(stored)

    def _put(self, item: Item, condition: Item, within_secs: float) -> Item | None:
        """Write `item`; return `None`, or the stored item if `condition` does not hold."""
        try:
            self._call(
                within_secs,
                self._client.put_item,
                TableName=self._table,
                Item=item,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except _Refused as refused:
            return refused.item
        return None

    def _call(self, within_secs: float, method: Callable[..., Any], **parameters: Any) -> Any:
        try:
            return self._calls(within_secs, method, **parameters)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                response: Any = error.response
                raise _Refused(response.get("Item") or {}) from error
            raise _unavailable(error) from error
        except AwsError as error:
            raise _unavailable(error) from error

    def _expiry(self, later_secs: int) -> Item:
        """Return the time until which a claim that is written now is kept, or so much later."""
        return {"N": str(int(self._now()) + self._keep_secs + later_secs)}


class _Refused(Exception):
    """A condition did not hold; `item` is the stored item, or empty if there is none."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item


def _condition(over: Claim | None, now: Item) -> dict[str, Any]:
    """Return the condition of a claim: there is none, it has expired, or it is the one that was read."""
    if over is None:
        return {
            "ConditionExpression": f"attribute_not_exists({PROGRESS_KEY}) OR {PROGRESS_EXPIRY} < :now",
            "ExpressionAttributeValues": {":now": now},
        }
    if isinstance(over.unreadable, Mapping):
        names = sorted(over.unreadable)
        equal = [f"#n{place} = :v{place}" for place in range(len(names))]
        absent = [] if "run" in names else ["attribute_not_exists(#run)"]
        named = {f"#n{place}": name for place, name in enumerate(names)} | ({"#run": "run"} if absent else {})
        return {
            "ConditionExpression": " AND ".join(equal + absent),
            "ExpressionAttributeNames": named,
            "ExpressionAttributeValues": {f":v{place}": over.unreadable[name] for place, name in enumerate(names)},
        }
    return {
        "ConditionExpression": "#run = :seen",
        "ExpressionAttributeNames": {"#run": "run"},
        "ExpressionAttributeValues": {":seen": {"S": over.run}},
    }


def run_key(run: str) -> Any:
    """Return the key of the item of a run."""
    return {PROGRESS_KEY: {"S": f"{_RUN_KEY}{run}"}}


def _claim_item(state: str, claim: Claim, expiry: Item) -> Item:
    offset = claim.progress.read_offset
    return {
        PROGRESS_KEY: {"S": state},
        "run": {"S": claim.run},
        "leased_until": {"N": repr(claim.leased_until_secs)},
        "day": {"S": claim.day},
        "byte_offset": {"N": str(offset.offset)},
        "lines": {"N": str(offset.lines)},
        "compressed": {"BOOL": offset.compressed},
        "damaged": {"N": str(claim.progress.damaged)},
        "accepted": {"N": str(claim.progress.accepted)},
        "rejected": {"N": str(claim.progress.rejected)},
        PROGRESS_EXPIRY: expiry,
    }


def claim_in(item: Item) -> Claim:
    """Return a stored claim; one that cannot be read has only its item."""
    try:
        offset = ReadOffset(_natural(item["byte_offset"]), _natural(item["lines"]), item["compressed"]["BOOL"] is True)
        return Claim(
            run=item["run"]["S"],
            leased_until_secs=_number(item["leased_until"]),
            day=item["day"]["S"],
            progress=ProgressRecord(
                offset,
                damaged=_natural(item["damaged"]),
                accepted=_natural(item["accepted"]),
                rejected=_natural(item["rejected"]),
            ),
        )
    except (KeyError, TypeError, ValueError):
        return Claim(run="", unreadable=item)


def _run_item(run: str, record: RunRecord, expiry: Item) -> Item:
    reached = {state: {"S": _text(progress)} for state, progress in record.reached.items() if progress}
    return {
        **run_key(run),
        "saves": {"N": str(record.saves)},
        "reached": {"M": reached},
        "finished": {"BOOL": record.finished},
        "leased_until": {"N": repr(record.leased_until_secs)},
        PROGRESS_EXPIRY: expiry,
    }


def record_in(item: Item) -> RunRecord:
    """Return a stored record of a run; attributes that cannot be read are as if the run had not saved them.

    If it cannot be read how far the run got, the claims say where to continue.
    """
    reached = item.get("reached", {}).get("M", {})
    return RunRecord(
        saves=int(_number_or_zero(item, "saves")),
        reached={state: _progress(each) for state, each in reached.items()} if isinstance(reached, Mapping) else {},
        finished=item.get("finished") == {"BOOL": True},
        taken="taken" in item,
        leased_until_secs=_number_or_zero(item, "leased_until"),
    )


def _text(progress: ProgressRecord) -> str:
    """Return progress as a short text, so that an item of 10 objects stays below 1 KB, the unit of a write."""
    offset = progress.read_offset
    form, state = "gzip" if offset.compressed else "plain", "done" if progress.done else "open"
    counts = f"{progress.damaged} {progress.accepted} {progress.rejected}"
    return f"{offset.offset} {offset.lines} {form} {state} {counts}"


def _progress(value: Any) -> ProgressRecord | None:
    """Return the progress that `_text` wrote, or `None` if it cannot be read."""
    try:
        offset, lines, form, state, *counts = value["S"].split(" ")
        damaged, accepted, rejected = map(int, counts)
        found = ReadOffset(int(offset), int(lines), {"gzip": True, "plain": False}[form])
        return ProgressRecord(found, {"done": True, "open": False}[state], damaged, accepted, rejected)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _number(value: Any) -> float:
    number = float(value["N"])
    if not isfinite(number):
        raise ValueError(number)
    return number


def _natural(value: Any) -> int:
    number = int(value["N"])
    if number < 0:
        raise ValueError(number)
    return number


def _number_or_zero(item: Item, name: str) -> float:
    try:
        return _number(item[name])
    except (KeyError, TypeError, ValueError):
        return 0.0


def table_problem(error: BaseException) -> str | None:
    """Return why a table cannot hold progress; `None` if `error` has another cause.

    DynamoDB answers so if a table has other keys: it is the table of another program.
    """
    if code_of(error) == "ValidationException" and "size" not in str(error):  # of an item that is too large
        return (
            f"the progress table has other keys than a capture-forwarder stack's; its only key is {PROGRESS_KEY}, a "
            "text; name the table of the stack"
        )
    if code_of(error) == "ResourceNotFoundException":
        return "the progress table does not exist; name the table of the stack, in its region"
    return None


def _unavailable(error: BaseException) -> Unavailable:
    if why := table_problem(error):
        return Unavailable(why)
    if why := unanswered(error):
        return Unavailable(f"the progress table cannot be reached: {why}")
    return Unavailable(f"the progress table answers {code_of(error)}; allow the function to read and write it")
