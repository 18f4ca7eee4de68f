"""The trigger of one bucket: it sends a message to the queue for every new capture."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from capture_forwarder.configuration.filters import Filter, patterns
from capture_forwarder.configuration.stack import BucketSettings, Trigger
from infra.constructs.buckets import CaptureBucket
from infra.constructs.queue import CaptureQueues, allow_sender


class CaptureTrigger(Construct):
    """Rules on the event bus, or notifications of a bucket of the stack; other buckets are not changed."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: BucketSettings,
        filters: Sequence[Filter],
        queues: CaptureQueues,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        if settings.chosen_trigger is Trigger.S3:
            allow_sender(
                queues.captures, "s3.amazonaws.com", f"arn:{stack.partition}:s3:::{settings.name}", stack.account
            )
        else:
            self._add_rules(settings, filters, queues)
        if settings.create:
            CaptureBucket(
                self,
                "Captures",
                settings=settings,
                filters=filters,
                queue_arn=queues.captures.queue_arn,
                after=queues.policy,
            )

    def _add_rules(self, settings: BucketSettings, filters: Sequence[Filter], queues: CaptureQueues) -> None:
        for index, pattern in enumerate(patterns(settings.name, settings.account, filters)):
            rule = events.CfnRule(
                self,
                f"Rule{index}",
                description=f"Captures in {settings.name}",
                event_pattern=pattern,
                targets=[
                    events.CfnRule.TargetProperty(
                        id="queue",
                        arn=queues.captures.queue_arn,
                        # An event that the bus cannot deliver within a day becomes a dead letter.
                        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queues.dead_letters.queue_arn),
                    )
                ],
            )
            for target in (queues.captures, queues.dead_letters):
                allow_sender(target, "events.amazonaws.com", rule.attr_arn, cdk.Stack.of(self).account)


class ForeignEvents(Construct):
    """Allows another account to put the events of its capture buckets on this account's bus, and nothing else."""

    def __init__(self, scope: Construct, construct_id: str, *, account: str) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        bus_arn = stack.format_arn(service="events", resource="event-bus", resource_name="default")
        # CfnEventBusPolicy warns of a deprecated property even where it is absent.
        cdk.CfnResource(
            self,
            "Policy",
            type="AWS::Events::EventBusPolicy",
            properties={
                "StatementId": f"{stack.stack_name}-{account}"[:64],
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{stack.partition}:iam::{account}:root"},
                    "Action": "events:PutEvents",
                    "Resource": bus_arn,
                    "Condition": {"StringEquals": {"events:source": "aws.s3", "events:detail-type": "Object Created"}},
                },
            },
        )
