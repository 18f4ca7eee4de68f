"""The contract of the progress table, checked on the table in memory and on DynamoDB as moto has it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from msgspec.structs import replace

from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.domain.capture import CaptureObject, ReadOffset
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from capture_forwarder.forward.claiming import MAX_CLAIMS
from capture_forwarder.ports import Progress
from tests.support.memory_stores import MemoryProgress

STATE = "captures/a/ü +.jsonl#e1"
HASH = CaptureObject("captures", "a/ü +.jsonl", etag="e1").state_hash
START = ProgressRecord(ReadOffset(7, 2, compressed=True), damaged=1, accepted=3, rejected=4)
DAY = 86_400
NOW = 1_700_000_000.0


def claim(run: str, progress: ProgressRecord = START) -> Claim:
    """Return a claim of `run`."""
    return Claim(run=run, leased_until_secs=12.5, day="2026/01/02", progress=progress)


def make_table() -> str:
    """Make a progress table and return its name."""
    table = f"progress-{uuid4()}"
    boto3.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "object_state", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "object_state", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return table


def stored_in(table: str, now: Callable[[], float] = lambda: NOW) -> DynamoProgress:
    """Return the progress in `table`, with retention of a day."""
    return DynamoProgress(boto3.client("dynamodb"), table, TimedCalls(), now=now, keep_secs=DAY)


@pytest.fixture(params=["fake", "dynamodb"])
def progress(request: pytest.FixtureRequest) -> Progress:
    """Give an empty progress table."""
    if request.param == "fake":
        return MemoryProgress()
    request.getfixturevalue("aws")
    return stored_in(make_table())


def test_the_first_claim_wins(progress: Progress) -> None:
    """The second run gets the claim of the first, with every field; repeating the first claim makes no change."""
    assert progress.claim(STATE, claim("a"), over=None, within_secs=30) == claim("a")
    assert progress.claim(STATE, claim("b"), over=None, within_secs=30) == claim("a")
    assert progress.claim(STATE, claim("a"), over=None, within_secs=30) == claim("a")
    assert progress.claim("captures/other#e", claim("b"), over=None, within_secs=30) == claim("b")


def test_a_claim_is_taken_over_only_from_the_run_that_was_read(progress: Progress) -> None:
    """A run that read an older claim gets the newer one."""
    first = progress.claim(STATE, claim("a"), over=None, within_secs=30)
    assert progress.claim(STATE, claim("b"), over=first, within_secs=30) == claim("b")
    assert progress.claim(STATE, claim("c"), over=first, within_secs=30) == claim("b")


def test_a_run_that_never_saved_has_no_record(progress: Progress) -> None:
    """A run that was killed before its first save."""
    assert progress.look("a", within_secs=30) is None


def test_saves_are_numbered(progress: Progress) -> None:
    """A second copy of a save finds itself; a copy of an earlier save makes no change."""
    first = RunRecord(saves=1, reached={HASH: START}, leased_until_secs=3.5)
    done = ProgressRecord(ReadOffset(9, 3), done=True)
    second = RunRecord(saves=2, reached={HASH: done}, finished=True, leased_until_secs=4.5)
    assert progress.save("a", first, within_secs=30) == first
    assert progress.save("a", first, within_secs=30) == first
    assert progress.save("a", second, within_secs=30) == second
    assert progress.save("a", first, within_secs=30) == second
    assert progress.look("a", within_secs=30) == second


@pytest.mark.parametrize("saves", [0, 1])
def test_a_run_that_was_taken_saves_nothing_more(progress: Progress, saves: int) -> None:
    """Its record stays as it was, and says that it was taken; taking it again makes no change."""
    before = RunRecord(saves=saves, reached={HASH: START}, leased_until_secs=3.5) if saves else RunRecord()
    if saves:
        progress.save("a", before, within_secs=30)
    taken = replace(before, taken=True)
    assert progress.take("a", within_secs=30) == taken
    late = RunRecord(saves=saves + 1, reached={HASH: ProgressRecord(ReadOffset(99, 9))}, finished=True)
    assert progress.save("a", late, within_secs=30) == taken
    assert progress.take("a", within_secs=30) == progress.look("a", within_secs=30) == taken


def test_an_expired_claim_counts_as_absent(aws: str) -> None:
    """DynamoDB deletes it days later. The record of its run is kept a day longer."""
    del aws
    moments = [NOW]
    table = make_table()
    progress = stored_in(table, lambda: moments[0])
    progress.claim(STATE, claim("a"), over=None, within_secs=30)
    progress.save("a", RunRecord(saves=1), within_secs=30)
    moments[0] = NOW + DAY
    assert progress.claim(STATE, claim("b"), over=None, within_secs=30).run == "a"
    moments[0] = NOW + DAY + 1
    assert progress.claim(STATE, claim("b"), over=None, within_secs=30).run == "b"
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    expiries = {item["object_state"]["S"]: int(item["expires_at"]["N"]) for item in items}
    assert expiries == {STATE: NOW + 2 * DAY + 1, "run#a": NOW + 2 * DAY}


BROKEN: list[Callable[[dict[str, Any]], object]] = [
    lambda item: item.pop("run"),
    lambda item: item.pop("byte_offset"),
    lambda item: item.update(byte_offset={"S": "7"}),
    lambda item: item.update(byte_offset={"N": "-1"}),
    lambda item: item.update(lines={"N": "1.5"}),
    lambda item: item.update(compressed={"NULL": True}),
    lambda item: item.update(leased_until={"BOOL": True}),
    lambda item: item.update(leased_until={"M": {"N": {"N": "1"}}}),
    lambda item: item.update(damaged={"L": []}),
    lambda item: item.update(day={"N": "1"}),
    lambda item: item.update(run={"SS": ["a", "b"]}),
]


@pytest.mark.parametrize("damage", BROKEN)
def test_a_damaged_claim_is_replaced_on_the_condition_of_what_was_read(
    aws: str, damage: Callable[[dict[str, Any]], object]
) -> None:
    """An attribute is missing or has another type. Of two runs that read the damaged item one replaces it."""
    del aws
    table = make_table()
    progress, client = stored_in(table), boto3.client("dynamodb")
    progress.claim(STATE, claim("a"), over=None, within_secs=30)
    (item,) = client.scan(TableName=table)["Items"]
    damage(item)
    client.put_item(TableName=table, Item=item)
    found = progress.claim(STATE, claim("b"), over=None, within_secs=30)
    assert found.unreadable == item
    assert progress.claim(STATE, claim("b"), over=found, within_secs=30) == claim("b")
    assert progress.claim(STATE, claim("c"), over=found, within_secs=30) == claim("b")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, RunRecord()),
        ({"saves": {"S": "1"}, "reached": {"S": ""}, "finished": {"N": "1"}}, RunRecord()),
        (
            {"saves": {"N": "2"}, "reached": {"M": {HASH: {"S": "7 2 gzip open 1 3 4"}}}},
            RunRecord(saves=2, reached={HASH: START}),
        ),
        ({"reached": {"M": {HASH: {"N": "7"}}}}, RunRecord(reached={HASH: None})),
        ({"reached": {"M": {HASH: {"S": "7 2 zip open 1 3 4"}}}}, RunRecord(reached={HASH: None})),
        ({"reached": {"M": {HASH: {"S": "seven"}}}}, RunRecord(reached={HASH: None})),
        ({"leased_until": {"N": "1"}, "taken": {"S": "no"}}, RunRecord(leased_until_secs=1.0, taken=True)),
    ],
)
def test_a_damaged_record_of_a_run_is_read_as_far_as_it_can_be(
    aws: str, attributes: dict[str, Any], expected: RunRecord
) -> None:
    """A damaged entry concerns its object alone, and taking over works all the same."""
    del aws
    table = make_table()
    boto3.client("dynamodb").put_item(TableName=table, Item={"object_state": {"S": "run#a"}} | attributes)
    progress = stored_in(table)
    assert progress.look("a", within_secs=30) == expected
    assert progress.take("a", within_secs=30) == replace(expected, taken=True)


def test_a_missing_table_is_unavailable(aws: str) -> None:
    """The error of each call names the correction."""
    del aws
    progress = stored_in(f"none-{uuid4()}")
    calls: list[Callable[[], object]] = [
        lambda: progress.claim(STATE, claim("a"), over=None, within_secs=30),
        lambda: progress.look("a", within_secs=30),
        lambda: progress.take("a", within_secs=30),
        lambda: progress.save("a", RunRecord(saves=1), within_secs=30),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match="the progress table does not exist; name the table of the stack"):
            call()


def test_the_item_of_a_run_is_one_write_unit(aws: str) -> None:
    """DynamoDB counts a write for each KB of names and values.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    del aws
    table = make_table()
    long = ProgressRecord(ReadOffset(5_000_000_000, 99_999_999, compressed=True), False, 1, 99_999_999, 999_999)
    hashes = [CaptureObject("b", str(number), etag="e").state_hash for number in range(MAX_CLAIMS)]
    stored_in(table).save("a" * 32, RunRecord(saves=1, reached=dict.fromkeys(hashes, long)), within_secs=30)
    (item,) = boto3.client("dynamodb").scan(TableName=table)["Items"]
    others = sum(len(name) + len(str(next(iter(value.values())))) for name, value in item.items() if name != "reached")
    assert others + sum(len(name) + len(each["S"]) + 1 for name, each in item["reached"]["M"].items()) < 1000
