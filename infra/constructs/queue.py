"""The queue that captures wait in, and where messages end that nobody could work."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from capture_forwarder.configuration.stack import StackSettings

# The longest that SQS allows: a dead letter's age counts from when it was first sent, so its queue must keep longest.
_DEAD_LETTER_DAYS = 14


class CaptureQueue(Construct):
    """A queue with long polling, and a dead-letter queue; both are encrypted and speak TLS only."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StackSettings, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        encryption = sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=cdk.Duration.days(_DEAD_LETTER_DAYS),
            encryption=encryption,
            encryption_master_key=key,
            enforce_ssl=True,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            visibility_timeout=cdk.Duration.seconds(settings.visibility_timeout_secs),
            retention_period=cdk.Duration.days(settings.message_retention_days),
            receive_message_wait_time=cdk.Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=settings.max_receives),
            encryption=encryption,
            encryption_master_key=key,
            enforce_ssl=True,
        )

    @property
    def policy(self) -> Construct:
        """What must be there before anything is told to send to the queue: S3 tries it at once."""
        policy = self.queue.node.find_child("Policy")
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
