"""Every statement of the function's role is needed: without it, what it allows stands still, and goes on with it.

What only Lambda and S3 do in the function's name the emulator does not ask the role for; the evaluation of the
template's policies in tests/infra/test_policies.py does: `MissCaptures0`, `WriteLogs`, receiving and deleting.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3
import pytest
from msgspec import Struct

from tests.e2e import configurations
from tests.e2e.configurations import BUCKET
from tests.e2e.deployment import run
from tests.e2e.world import World, eventually
from tests.support.captures import capture, csv_side

ROUTE = "aws-samples-amazon-sagemaker-immersion-day"
# What the function says without a statement; the token's is the first, because a token is remembered.
SAID = {
    "ReadSecrets": "the secret",
    "ReadCaptures0": "s3:GetObject",
    "RememberProgress": "the progress table",
    "KeepRejections": "the quarantine bucket",
}
PUTS_BACK = "WorkTheQueues"
NOT_ASKED_FOR = {"MissCaptures0", "WriteLogs"}


class Policy(Struct, frozen=True):
    """The one policy of the function's role."""

    role: str
    name: str
    statements: list[dict[str, Any]]

    @classmethod
    def of(cls, function: str) -> "Policy":
        """Return the policy of the role of a function."""
        role = boto3.client("lambda").get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[-1]
        iam = boto3.client("iam")
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document: Any = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        return cls(role, name, document["Statement"])

    @contextmanager
    def without(self, *sids: str) -> Iterator[None]:
        """Take statements away until the block is left."""
        self._put([each for each in self.statements if each["Sid"] not in sids])
        yield
        self._put(self.statements)

    def _put(self, statements: list[dict[str, Any]]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        boto3.client("iam").put_role_policy(RoleName=self.role, PolicyName=self.name, PolicyDocument=document)


@pytest.mark.e2e
def test_without_a_statement_its_path_stands_still_and_with_it_goes_on(world: World) -> None:
    """Nothing is lost while a permission is missing, and the function says which one."""
    run("capture-forwarder", "enable-eventbridge", BUCKET, "--yes")
    world.deployment.bootstrap()
    world.deployment.deploy(configurations.first(world.monitor.url))
    policy = Policy.of(world.deployment.outputs()["FunctionName"])
    assert {each["Sid"] for each in policy.statements} == {*SAID, PUTS_BACK, *NOT_ASKED_FOR}
    for done, (sid, words) in enumerate(SAID.items()):
        with policy.without(sid):
            key = put_capture(world, sid)
            eventually(partial(says, world, key, words), wanted=True)
            assert settled(world) != done + 1
        eventually(lambda: settled(world), done + 1)
    check_putting_back(world, policy)


def check_putting_back(world: World, policy: Policy) -> None:
    """See that what is owed and cannot be put back ends as a dead letter, and arrives when that is sent again."""
    outputs = world.deployment.outputs()
    with world.quick_redelivery(), policy.without("ReadCaptures0", PUTS_BACK):
        key = put_capture(world, PUTS_BACK)
        eventually(lambda: world.messages("DeadLetterQueueUrl"), 1)
    assert says(world, key, "the queue")
    sqs = boto3.client("sqs")
    (dead,) = sqs.receive_message(QueueUrl=outputs["DeadLetterQueueUrl"])["Messages"]
    sqs.send_message(QueueUrl=outputs["QueueUrl"], MessageBody=dead["Body"])
    eventually(lambda: settled(world), len(SAID) + 1)


def says(world: World, key: str, words: str) -> bool:
    """Tell whether the function gave such a reason for not being done with an object."""
    return any(words in why for why in world.reasons(key))


def put_capture(world: World, name: str) -> str:
    """Put an object of one inference and one line that is none; return its key."""
    key = f"datacapture/{ROUTE}/AllTraffic/2026/01/15/10/{name}.jsonl"
    world.put(key, capture(csv_side("1,2"), csv_side("0.5"), eventId=name) + b"\n{\n")
    return key


def settled(world: World) -> int:
    """Return how many of the objects have their inference at the monitor and their other line in quarantine."""
    return min(len(world.held()), world.quarantined().total())
