"""The queues: one of live captures, one of backfills, and one of the dead letters of both."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from capture_forwarder.configuration.stack import StackSettings

# The longest that SQS allows: a dead letter's age counts from its first sending, so this queue must keep longest.
_DEAD_LETTER_DAYS = 14


class CaptureQueues(Construct):
    """Two queues that share one dead-letter queue; all are encrypted and require TLS.

    One dead-letter queue is enough: there is one alarm and one place to look, and a redrive returns each message to the
    queue that it came from.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StackSettings, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._key = key
        self.dead_letters = self._queue("DeadLetters", retention_period=cdk.Duration.days(_DEAD_LETTER_DAYS))
        self.captures = self._source("Queue", settings.visibility_timeout_secs)
        self.backfill = self._source("Backfill", settings.backfill_visibility_timeout_secs)

    def _source(self, name: str, visibility_timeout_secs: int) -> sqs.Queue:
        return self._queue(
            name,
            visibility_timeout=cdk.Duration.seconds(visibility_timeout_secs),
            retention_period=cdk.Duration.days(self._settings.message_retention_days),
            receive_message_wait_time=cdk.Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=self._settings.max_receives
            ),
        )

    def _queue(self, name: str, **options: Any) -> sqs.Queue:
        return sqs.Queue(
            self,
            name,
            encryption=sqs.QueueEncryption.KMS if self._key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=self._key,
            enforce_ssl=True,
            **options,
        )

    @property
    def policy(self) -> Construct:
        """The policy of the captures' queue; it must exist before S3 sends its test message."""
        policy = self.captures.node.find_child("Policy")
        if not isinstance(policy, Construct):
            raise TypeError("the queue has no policy")
        return policy


def allow_sender(queue: sqs.IQueue, service: str, source_arn: str, account: str) -> None:
    """Let an AWS service send to `queue` on behalf of one source in one account, and of no other."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(service)],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": source_arn}, "StringEquals": {"aws:SourceAccount": account}},
        )
    )
