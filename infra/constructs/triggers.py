"""The trigger of one bucket: it sends a message to the queue for every new capture."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from capture_forwarder.configuration.filters import event_pattern, filters, rule_prefixes
from capture_forwarder.configuration.names import rule_name
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import BucketSettings, Trigger
from infra.constructs.buckets import CaptureBucket
from infra.constructs.queue import CaptureQueues


class CaptureTrigger(Construct):
    """A rule on the event bus, or notifications of a bucket of the stack; other buckets are not changed."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, bucket: BucketSettings, queues: CaptureQueues
    ) -> None:
        super().__init__(scope, construct_id)
        before: list[Construct] = list(queues.policies)
        if bucket.chosen_trigger is Trigger.EVENTBRIDGE:
            before.append(self._rule(bucket, rule_prefixes(settings, bucket), queues))
        if bucket.create:
            CaptureBucket(
                self,
                "Captures",
                settings=bucket,
                filters=filters(settings, bucket.name),
                queue_arn=queues.captures.queue_arn,
                after=before,
            )

    def _rule(self, bucket: BucketSettings, prefixes: Sequence[str], queues: CaptureQueues) -> events.CfnRule:
        """Return the one rule of the bucket: all its routes share it, so that no route ever moves to a new rule."""
        rule = events.CfnRule(
            self,
            "Rule",
            name=rule_name(cdk.Stack.of(self).stack_name, bucket.name),
            description=f"Captures in {bucket.name}",
            event_pattern=event_pattern(bucket.name, bucket.account, prefixes),
            targets=[
                events.CfnRule.TargetProperty(
                    id="queue",
                    arn=queues.captures.queue_arn,
                    # An event that the bus cannot deliver within a day becomes a dead letter.
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queues.dead_letters.queue_arn),
                )
            ],
        )
        # Without permission EventBridge neither retries nor stores the event:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        rule.node.add_dependency(*queues.policies)
        return rule


class ForeignEvents(Construct):
    """Allows other accounts to put the events of their capture buckets on this account's bus, and nothing else.

    One statement names all accounts: a policy of an event bus has at most 10,240 bytes.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, accounts: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        bus_arn = stack.format_arn(service="events", resource="event-bus", resource_name="default")
        # CfnEventBusPolicy warns of a deprecated property even where it is absent.
        cdk.CfnResource(
            self,
            "Policy",
            type="AWS::Events::EventBusPolicy",
            properties={
                "StatementId": f"{stack.stack_name}-captures",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": [f"arn:{stack.partition}:iam::{account}:root" for account in accounts]},
                    "Action": "events:PutEvents",
                    "Resource": bus_arn,
                    "Condition": {"StringEquals": {"events:source": "aws.s3", "events:detail-type": "Object Created"}},
                },
            },
        )
