"""The topic of the alarms."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from capture_forwarder.configuration.stack import StackSettings


class AlarmTopic(Construct):
    """The given topic, or a new one: encrypted, TLS only, and open to the alarms of this account only.

    With `notices`, the rules of EventBridge publish to the new topic too.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StackSettings, notices: bool = False) -> None:
        super().__init__(scope, construct_id)
        given = settings.alarm_topic_arn
        self.topic = (
            sns.Topic.from_topic_arn(self, "Given", given)
            if given
            else self._make(settings.alarm_email, notices=notices)
        )

    def _make(self, email: str | None, *, notices: bool) -> sns.ITopic:
        alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        from_here = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}}
        # A key of its own, because alarms cannot use the AWS managed key of SNS.
        key = kms.Key(
            self,
            "Key",
            description="Alarms of capture-forwarder",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        topic = sns.Topic(self, "Topic", display_name="capture-forwarder", master_key=key, enforce_ssl=True)
        for resource, allowed in ((key, ["kms:Decrypt", "kms:GenerateDataKey"]), (topic, ["sns:Publish"])):
            resource.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[alarms],
                    actions=allowed,
                    resources=[topic.topic_arn if resource is topic else "*"],
                    conditions=from_here,
                )
            )
        if notices:
            _let_rules_publish(topic, key)
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic


def _let_rules_publish(topic: sns.Topic, key: kms.Key) -> None:
    """Let rules of EventBridge publish. EventBridge meets no condition in the policy of a topic.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
    """
    rules = iam.ServicePrincipal("events.amazonaws.com")
    topic.add_to_resource_policy(
        iam.PolicyStatement(principals=[rules], actions=["sns:Publish"], resources=[topic.topic_arn])
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(principals=[rules], actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=["*"])
    )
