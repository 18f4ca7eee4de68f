"""The queues: one of live captures, one of backfills, and one of the dead letters of both."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from capture_forwarder.configuration.names import rule_names
from capture_forwarder.configuration.stack import StackSettings

# The longest that SQS allows: a dead letter's age counts from its first sending, so this queue must keep longest.
_DEAD_LETTER_DAYS = 14
_KEPT = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


class CaptureQueues(Construct):
    """Two queues that share one dead-letter queue; all are encrypted and require TLS, and no other queue may use it.

    One dead-letter queue is enough: there is one alarm and one place to look, and the captures queue understands every
    message that is sent back.

    The queues outlive the stack with their messages, as table and quarantine do. A first deployment that fails removes
    them again (`RetainExceptOnCreate`). Their names are fixed, so `docs/runbook.md` says how to deploy once more.

    The dead-letter queue has a key of SQS even if the stack has a `key`. EventBridge can send an event there that the
    policy of the key keeps out of the other queue. A message that SQS moves there stays encrypted with the key:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StackSettings, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._key = key
        captures, backfill = f"{settings.name}-captures", f"{settings.name}-backfill"
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{settings.name}-dead-letters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(_DEAD_LETTER_DAYS),
            removal_policy=_KEPT,
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.BY_QUEUE,
                source_queues=[self._named("CapturesSource", captures), self._named("BackfillSource", backfill)],
            ),
        )
        self.captures = self._source("Queue", captures, settings.visibility_timeout_secs)
        self.backfill = self._source("Backfill", backfill, settings.backfill_visibility_timeout_secs)
        self._allow_senders()

    def _named(self, construct_id: str, name: str) -> sqs.IQueue:
        """Return a queue by its name: the sources refer to the dead-letter queue, so it cannot refer to them."""
        arn = cdk.Stack.of(self).format_arn(service="sqs", resource=name)
        return sqs.Queue.from_queue_arn(self, construct_id, arn)

    def _source(self, construct_id: str, name: str, visibility_timeout_secs: int) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS if self._key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=self._key,
            enforce_ssl=True,
            visibility_timeout=cdk.Duration.seconds(visibility_timeout_secs),
            retention_period=cdk.Duration.days(self._settings.message_retention_days),
            removal_policy=_KEPT,
            receive_message_wait_time=cdk.Duration.seconds(20),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=self._settings.max_receives
            ),
        )

    def _allow_senders(self) -> None:
        """Let the stack's rules and the account's buckets send, whatever triggers are configured.

        SQS limits the size of a policy, so it names patterns and not each rule and bucket. A rule can therefore depend
        on the policies, and another trigger changes no permission.
        """
        stack = cdk.Stack.of(self)
        rules = stack.format_arn(service="events", resource="rule", resource_name=rule_names(stack.stack_name))
        _allow_sender(self.captures, "events.amazonaws.com", rules, stack.account)
        _allow_sender(self.captures, "s3.amazonaws.com", f"arn:{stack.partition}:s3:::*", stack.account)
        _allow_sender(self.dead_letters, "events.amazonaws.com", rules, stack.account)

    @property
    def policies(self) -> list[Construct]:
        """The policies of the two queues that triggers fill: EventBridge drops events that they do not allow yet."""
        return [_policy(self.captures), _policy(self.dead_letters)]


def _policy(queue: sqs.Queue) -> Construct:
    policy = queue.node.find_child("Policy")
    if not isinstance(policy, Construct):
        raise TypeError("the queue has no policy")
    return policy


def _allow_sender(queue: sqs.IQueue, service: str, sources: str, account: str) -> None:
    """Let an AWS service send to `queue` on behalf of `sources` in one account, and of no others.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
    """
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(service)],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": sources}, "StringEquals": {"aws:SourceAccount": account}},
        )
    )
