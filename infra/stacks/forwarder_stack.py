"""The stack: queues, the function, its progress table and quarantine, alarms and dashboard."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from capture_forwarder.configuration.names import ALLOCATOR_VARIABLES, RESOURCE_VARIABLES, StackOutput, rule_name
from capture_forwarder.configuration.packing import policies
from capture_forwarder.configuration.permissions import Location, StackResources
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import Trigger
from infra.constructs.alarm_topic import AlarmTopic
from infra.constructs.alarms import Alarms
from infra.constructs.buckets import QuarantineBucket
from infra.constructs.dashboard import Dashboard
from infra.constructs.function import ForwarderFunction, ForwarderLog
from infra.constructs.lineage_registration import LineageRegistration
from infra.constructs.progress import ProgressTable
from infra.constructs.queue import CaptureQueues
from infra.constructs.triggers import CaptureTrigger, ForeignEvents


class ForwarderStack(cdk.Stack):
    """Everything that `forwarder.toml` asks for, in one stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        registration_code: lambda_.Code | None = None,
    ) -> None:
        """Make the stack; `registration_code` is that of `[lineage] register`, by default also `code`."""
        super().__init__(
            scope,
            construct_id,
            stack_name=settings.stack.name,
            description="Forwards SageMaker captures to the platform that monitors the models",
            tags=settings.stack.tags,
            termination_protection=settings.stack.deletion_protection,
        )
        self._settings = settings
        stack = settings.stack
        key = kms.Key.from_key_arn(self, "Key", stack.kms_key_arn) if stack.kms_key_arn else None
        self.queues = CaptureQueues(self, "Captures", settings=stack, key=key)
        self.progress = ProgressTable(self, "Progress", key=key, protected=stack.deletion_protection)
        self.quarantine = QuarantineBucket(self, "Quarantine", retention_days=stack.quarantine_retention_days, key=key)
        self.forwarder = self._function(code, key)
        self.forwarder.work(self.queues.captures, stack)
        self.forwarder.work_backfill(self.queues.backfill, stack)
        self._triggers()
        self.topic = self._monitoring()
        self._outputs(self.topic.topic_arn)
        if settings.lineage.register:
            self._register(registration_code or code, key)
        if stack.permissions_boundary_arn:
            iam.PermissionsBoundary.of(self).apply(
                iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", stack.permissions_boundary_arn)
            )

    def _function(self, code: lambda_.Code, key: kms.IKey | None) -> ForwarderFunction:
        log = ForwarderLog(self, "Log", settings=self._settings.stack, key=key)
        own = StackResources(
            queue_arn=self.queues.captures.queue_arn,
            backfill_queue_arn=self.queues.backfill.queue_arn,
            table_arn=self.progress.table.table_arn,
            quarantine_arn=self.quarantine.bucket.bucket_arn,
            log_group_arn=log.group.log_group_arn,
        )
        location = Location(self.partition, self.region, self.account, self.url_suffix)
        return ForwarderFunction(
            self,
            "Forwarder",
            settings=self._settings.stack,
            code=code,
            log_group=log.group,
            policies=policies(self._settings, location, own),
            environment=self._environment(),
        )

    def _register(self, code: lambda_.Code, key: kms.IKey | None) -> None:
        lineage = LineageRegistration(
            self, "Lineage", settings=self._settings, code=code, key=key, after=self.forwarder
        )
        cdk.CfnOutput(self, StackOutput.LINEAGE_WARNINGS, value=lineage.warnings)

    def _environment(self) -> dict[str, str]:
        named = {
            "progress_table": self.progress.table.table_name,
            "quarantine_bucket": self.quarantine.bucket.bucket_name,
            "queue_url": self.queues.captures.queue_url,
            "backfill_queue_url": self.queues.backfill.queue_url,
            "account": self.account,
        }
        resources = {variable: named[resource] for resource, variable in RESOURCE_VARIABLES.items()}
        return resources | ALLOCATOR_VARIABLES

    def _triggers(self) -> None:
        for name, bucket in self._settings.buckets.items():
            CaptureTrigger(self, f"Trigger-{name}", settings=self._settings, bucket=bucket, queues=self.queues)
        if accounts := sorted({bucket.account for bucket in self._settings.bucket if bucket.account}):
            ForeignEvents(self, "ForeignEvents", accounts=accounts)

    def _monitoring(self) -> sns.ITopic:
        stack, function = self._settings.stack, self.forwarder.function
        notices = self._settings.observability is not None
        topic = AlarmTopic(self, "AlarmTopic", settings=stack, notices=notices).topic
        buckets = self._settings.buckets.values()
        Alarms(
            self,
            "Alarms",
            settings=stack,
            queues=self.queues,
            function=function,
            rules=[rule_name(stack.name, each.name) for each in buckets if each.chosen_trigger is Trigger.EVENTBRIDGE],
            topic=topic,
        )
        Dashboard(self, "Dashboard", settings=stack, queues=self.queues, function=function)
        return topic

    def _outputs(self, topic_arn: str) -> None:
        values = {
            StackOutput.QUEUE_URL: self.queues.captures.queue_url,
            StackOutput.QUEUE_ARN: self.queues.captures.queue_arn,
            StackOutput.BACKFILL_QUEUE_URL: self.queues.backfill.queue_url,
            StackOutput.DEAD_LETTER_QUEUE_URL: self.queues.dead_letters.queue_url,
            StackOutput.DEAD_LETTER_QUEUE_ARN: self.queues.dead_letters.queue_arn,
            StackOutput.FUNCTION_NAME: self.forwarder.function.function_name,
            StackOutput.PROGRESS_TABLE: self.progress.table.table_name,
            StackOutput.QUARANTINE_BUCKET: self.quarantine.bucket.bucket_name,
            StackOutput.ALARM_TOPIC_ARN: topic_arn,
        }
        for name, value in values.items():
            cdk.CfnOutput(self, name, value=value)
