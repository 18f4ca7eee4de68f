"""The audit log: API calls of SageMaker, from CloudTrail through EventBridge into a log group."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from capture_forwarder.configuration.observability import AlertName, ObservabilitySettings
from capture_forwarder.configuration.stack import StackSettings
from infra.constructs.log_group import log_group
from integrations.observability.audit import (
    API_CALLS,
    AUDIT_METRICS,
    DELETE_CALLS,
    INDEXED_FIELDS,
    NOTICE,
    NOTICE_PATHS,
    audit_group,
    rule_state,
)
from integrations.observability.metric_names import AUDIT

# EventBridge writes under both names:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
_WRITERS = ("events.amazonaws.com", "delivery.logs.amazonaws.com")


class AuditLog(Construct):
    """The log group, the rule that fills it, its metrics, and a notice to `topic` of each delete call.

    The rule is a `CfnRule`, because the CDK's own has no state for read-only calls, and its target for log groups
    deploys a function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack: StackSettings,
        settings: ObservabilitySettings,
        key: kms.IKey | None,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.group = log_group(
            self,
            retention_days=settings.audit_retention_days,
            kept=stack.keep_logs,
            key=key,
            name=audit_group(stack.name),
            indexed=INDEXED_FIELDS,
        )
        self._fill(stack, settings)
        for metric in AUDIT_METRICS:
            logs.MetricFilter(
                self,
                metric.name,
                log_group=self.group,
                filter_pattern=logs.FilterPattern.literal(metric.pattern),
                metric_namespace=f"{AUDIT}/{stack.name}",
                metric_name=metric.name,
                metric_value="1",
                default_value=0,
            )
        if settings.alert_settings(AlertName.DELETE_CALLS).enabled:
            self._notify(topic)

    def _fill(self, stack: StackSettings, settings: ObservabilitySettings) -> None:
        arn = cdk.Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=audit_group(stack.name),
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        rule = events.CfnRule(
            self,
            "ApiCalls",
            description="API calls of SageMaker into the audit log",
            event_pattern=API_CALLS,
            state=rule_state(settings),
            targets=[events.CfnRule.TargetProperty(arn=arn, id="Group")],
        )
        # A target group must exist when the rule is made.
        rule.node.add_dependency(self.group)
        document = iam.PolicyDocument(statements=[_may_write("logs:CreateLogStream", f"{arn}:*")])
        writes = _may_write("logs:PutLogEvents", f"{arn}:*")
        writes.add_condition("ArnLike", {"aws:SourceArn": rule.attr_arn})
        document.add_statements(writes)
        logs.CfnResourcePolicy(
            self,
            "Policy",
            policy_name=f"{stack.name}-audit",
            policy_document=cdk.Stack.of(self).to_json_string(document),
        )

    def _notify(self, topic: sns.ITopic) -> None:
        """Send a notice of each delete call; the policy of the topic lets EventBridge publish."""
        events.CfnRule(
            self,
            "DeleteNotices",
            description="Delete calls of SageMaker to the topic of the alarms",
            event_pattern=DELETE_CALLS,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    arn=topic.topic_arn,
                    id="Topic",
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map=dict(NOTICE_PATHS), input_template=NOTICE
                    ),
                )
            ],
        )


def _may_write(action: str, resource: str) -> iam.PolicyStatement:
    writers = [iam.ServicePrincipal(name) for name in _WRITERS]
    return iam.PolicyStatement(principals=list(writers), actions=[action], resources=[resource])
