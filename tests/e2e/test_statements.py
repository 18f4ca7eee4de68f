"""Every statement of the function's role is needed: without it objects stay pending, and with it they are forwarded.

The emulator does not check the role for the calls that Lambda and S3 make in the function's name. For these
tests/infra/test_permissions.py evaluates the template: `ListCaptures0`, `WriteLogs`, receiving and deleting.
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
from tests.e2e.world import World
from tests.support.captures import capture, csv_side
from tests.worlds import eventually

ROUTE = "aws-samples-amazon-sagemaker-immersion-day"
# The reason in the function's reports without a statement. The token's is the first, because tokens are cached.
SAID = {
    "ReadSecrets": "the secret",
    "ReadCaptures0": "s3:GetObject",
    "SaveProgress": "the progress table",
    "WriteQuarantine": "the quarantine bucket",
}
REQUEUES = "UseQueues"
NOT_ASKED_FOR = {"ListCaptures0", "WriteLogs"}


class Policy(Struct, frozen=True):
    """The one policy of the function's role."""

    arn: str
    statements: list[dict[str, Any]]

    @classmethod
    def of(cls, function: str) -> "Policy":
        """Return the policy of the role of a function."""
        role = boto3.client("lambda").get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[-1]
        iam = boto3.client("iam")
        (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document: Any = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return cls(arn, document["Statement"])

    @contextmanager
    def without(self, *sids: str) -> Iterator[None]:
        """Remove statements until the block is left."""
        self._put([each for each in self.statements if each["Sid"] not in sids])
        yield
        self._put(self.statements)

    def _put(self, statements: list[dict[str, Any]]) -> None:
        """Replace the default version: a policy has at most five."""
        iam = boto3.client("iam")
        old = iam.get_policy(PolicyArn=self.arn)["Policy"]["DefaultVersionId"]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.create_policy_version(PolicyArn=self.arn, PolicyDocument=document, SetAsDefault=True)
        iam.delete_policy_version(PolicyArn=self.arn, VersionId=old)


@pytest.mark.e2e
def test_objects_stay_pending_without_a_statement_and_are_forwarded_with_it(world: World) -> None:
    """No row is lost while a permission is missing, and the function's reports name it."""
    run("capture-forwarder", "enable-eventbridge", BUCKET, "--yes")
    world.deployment.bootstrap()
    world.deployment.deploy(configurations.first(world.monitor.url))
    policy = Policy.of(world.deployment.outputs()["FunctionName"])
    assert {each["Sid"] for each in policy.statements} == {*SAID, REQUEUES, *NOT_ASKED_FOR}
    for done, (sid, words) in enumerate(SAID.items()):
        with policy.without(sid):
            key = put_capture(world, sid)
            eventually(partial(reports, world, key, words), wanted=True)
            assert finished(world) != done + 1
        eventually(lambda: finished(world), done + 1)
    check_requeueing(world, policy)


def check_requeueing(world: World, policy: Policy) -> None:
    """A pending object that cannot be requeued ends as a dead letter, and arrives when that is sent again."""
    outputs = world.deployment.outputs()
    with world.quick_redelivery(), policy.without("ReadCaptures0", REQUEUES):
        key = put_capture(world, REQUEUES)
        eventually(lambda: world.messages("DeadLetterQueueUrl"), 1)
    assert reports(world, key, "the queue")
    sqs = boto3.client("sqs")
    (dead,) = sqs.receive_message(QueueUrl=outputs["DeadLetterQueueUrl"])["Messages"]
    sqs.send_message(QueueUrl=outputs["QueueUrl"], MessageBody=dead["Body"])
    eventually(lambda: finished(world), len(SAID) + 1)


def reports(world: World, key: str, words: str) -> bool:
    """Tell whether a report gives such a reason why an object is not done."""
    return any(words in why for why in world.reasons(key))


def put_capture(world: World, name: str) -> str:
    """Put an object with one inference and one line that is rejected; return its key."""
    key = f"datacapture/{ROUTE}/AllTraffic/2026/01/15/10/{name}.jsonl"
    world.put(key, capture(csv_side("1,2"), csv_side("0.5"), eventId=name) + b"\n{\n")
    return key


def finished(world: World) -> int:
    """Return how many objects have their inference at the monitor and their other line in quarantine."""
    return min(len(world.held()), world.quarantined().total())
