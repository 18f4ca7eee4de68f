"""Reading progress for commands: claims and records of runs, a hundred items at once, from DynamoDB as moto has it."""

from typing import Any
from uuid import uuid4

import boto3
import pytest

from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.domain.capture import CaptureObject, ReadOffset
from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import Claim, ProgressRecord, RunRecord
from capture_ops.cloud.progress import ProgressReader

DONE = ProgressRecord(ReadOffset(9, 3), done=True, accepted=2, rejected=1)
START = ProgressRecord(ReadOffset(4, 1))


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


def claim(table: str, source: CaptureObject, run: str, record: RunRecord | None = None) -> None:
    """Claim an object for a run, and save the record of the run."""
    progress = DynamoProgress(boto3.client("dynamodb"), table, TimedCalls(), now=lambda: 1e9)
    progress.claim(source.state_id or "", Claim(run=run, progress=START), over=None, within_secs=30)
    if record:
        progress.save(run, record, within_secs=30)


def test_an_object_is_as_far_as_its_run_or_its_claim_says(aws: str) -> None:
    """A run that was killed has no save; an unknown object has no progress."""
    del aws
    table = make_table()
    done, killed, other = (CaptureObject("b", name, etag="e") for name in ("done", "killed", "other"))
    claim(table, done, "r1", RunRecord(saves=1, reached={done.state_hash: DONE}))
    claim(table, killed, "r2")
    unknown, nameless = CaptureObject("b", "never", etag="e"), CaptureObject("b", "nameless")
    claim(table, other, "r3", RunRecord(saves=1, reached={done.state_hash: DONE}))
    found = ProgressReader(boto3.client("dynamodb"), table).load([done, killed, other, unknown, nameless])
    assert found == {done.state_id: DONE, killed.state_id: START, other.state_id: START}


def test_more_than_a_hundred_objects_are_read(aws: str) -> None:
    """One request to DynamoDB takes a hundred keys."""
    del aws
    table = make_table()
    sources = [CaptureObject("b", str(number), etag="e") for number in range(120)]
    for source in sources:
        claim(table, source, f"run-{source.key}", RunRecord(saves=1, reached={source.state_hash: DONE}))
    found = ProgressReader(boto3.client("dynamodb"), table).load([*sources, *sources])
    assert found == {source.state_id: DONE for source in sources}


def test_keys_that_a_throttled_table_left_out_are_asked_for_again(aws: str) -> None:
    """The pauses double. After five requests the table is unavailable."""
    del aws
    table, left_out, pauses = make_table(), [4], list[float]()
    source = CaptureObject("b", "k", etag="e")
    claim(table, source, "r1")
    client = boto3.client("dynamodb")

    def leave_out(parsed: dict[str, Any], **_: object) -> None:
        left_out[0] -= 1
        if left_out[0] >= 0:
            key = {"object_state": {"S": source.state_id}}
            parsed |= {"Responses": {}, "UnprocessedKeys": {table: {"Keys": [key]}}}

    client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_out)
    reader = ProgressReader(client, table, sleep=pauses.append)
    assert reader.load([source]) == {source.state_id: START}
    assert pauses == [0.05, 0.1, 0.2, 0.4]
    left_out[0] = 5
    with pytest.raises(Unavailable, match=r"^the progress table is throttled; raise its capacity$"):
        reader.load([source])


@pytest.mark.parametrize("key", [{"id": "S"}, {"object_state": "N"}, {"object_state": "S", "sort": "S"}], ids=str)
def test_a_table_with_other_keys_has_a_sentence(aws: str, key: dict[str, str]) -> None:
    """The advice to allow an action would mislead. The function's own writes say the same."""
    del aws
    table = f"other-{uuid4()}"
    client: Any = boto3.client("dynamodb")
    client.create_table(
        TableName=table,
        KeySchema=[
            {"AttributeName": each, "KeyType": kind} for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": kind} for each, kind in key.items()],
        BillingMode="PAY_PER_REQUEST",
    )
    sentence = (
        "the progress table has other keys than a capture-forwarder stack's; its only key is object_state, a text"
    )
    source = CaptureObject("b", "k", etag="e")
    if "N" not in key.values():  # moto accepts that when it reads
        with pytest.raises(Unavailable, match=sentence):
            ProgressReader(client, table).load([source])
    with pytest.raises(Unavailable, match=sentence):
        claim(table, source, "r")


def test_a_missing_table_is_unavailable(aws: str) -> None:
    """The error names the correction."""
    del aws
    with pytest.raises(Unavailable, match="the progress table does not exist; name the table of the stack"):
        ProgressReader(boto3.client("dynamodb"), f"none-{uuid4()}").load([CaptureObject("b", "k", etag="e")])
