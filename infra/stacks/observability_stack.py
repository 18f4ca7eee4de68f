"""The second stack: dashboards, alarms and the audit log of the endpoints, made only with `[observability]`."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from capture_forwarder.configuration.observability import ObservabilitySettings, Trail
from capture_forwarder.configuration.settings import Settings
from infra.constructs.observability.alarms import ObservabilityAlarms
from infra.constructs.observability.audit import AuditLog
from infra.constructs.observability.dashboards import Dashboards
from infra.constructs.observability.delivery import SumoDelivery
from infra.constructs.observability.saved_queries import SavedQueries
from infra.constructs.observability.trail import ApiTrail


class ObservabilityStack(cdk.Stack):
    """Everything that `[observability]` asks for. It can be deleted without a change of the forwarder."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, topic: sns.ITopic) -> None:
        """Make the stack; its alarms go to `topic`."""
        super().__init__(
            scope,
            construct_id,
            stack_name=f"{settings.stack.name}-observability",
            description="Dashboards, alarms and audit log of SageMaker endpoints and of their captures",
            tags=settings.stack.tags,
            termination_protection=settings.stack.deletion_protection,
        )
        self.topic = topic
        Dashboards(self, "Dashboards", settings=settings)
        SavedQueries(self, "Queries", settings=settings)
        if settings.observability:
            self._observe(settings, settings.observability)
        if settings.stack.permissions_boundary_arn:
            iam.PermissionsBoundary.of(self).apply(
                iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", settings.stack.permissions_boundary_arn)
            )

    def _observe(self, settings: Settings, chosen: ObservabilitySettings) -> None:
        stack = settings.stack
        key = kms.Key.from_key_arn(self, "Key", stack.kms_key_arn) if stack.kms_key_arn else None
        AuditLog(self, "Audit", stack=stack, settings=chosen, key=key, topic=self.topic)
        if chosen.trail is Trail.CREATE:
            ApiTrail(self, "Trail", name=f"{stack.name}-audit", settings=chosen, key=key)
        ObservabilityAlarms(self, "Alarms", stack_name=stack.name, settings=chosen, topic=self.topic)
        if chosen.sumo:
            SumoDelivery(self, "Sumo", observability=chosen, sumo=chosen.sumo, key=key)
