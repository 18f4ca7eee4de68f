"""The custom resource that records the routes in SageMaker's lineage: docs/adr/0023-*.md has the reasons."""

from collections.abc import Iterable
from hashlib import sha256
from typing import cast

import aws_cdk as cdk
import msgspec
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from capture_forwarder import __version__
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import StackSettings
from infra.constructs.function import ARCHITECTURES, ForwarderLog
from integrations.lineage.deploying.custom_resource import WARNINGS
from integrations.lineage.registering.configured import registrations
from integrations.lineage.registering.permissions import DEPLOYED, Allowed
from integrations.lineage.registering.registration import PROPERTY, Registration

# A request to a custom resource has at most 256 KB, and an update holds the old and the new routes.
_GROUPS = 8
_MEMORY_MB = 256
_LONGEST = cdk.Duration.minutes(15)
# A function that cannot start gives no answer. CloudFormation then waits so long, and by default for an hour.
_LONGEST_ANSWER = cdk.Duration.minutes(16)


class LineageRegistration(Construct):
    """A function, and a custom resource for each group of routes.

    A route stays in its group as long as it keeps its name, so no two requests change the same route.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        key: kms.IKey | None,
        after: Construct,
    ) -> None:
        """Make them; routes are recorded when `after` is created, and stopped before it is deleted."""
        super().__init__(scope, construct_id)
        log = ForwarderLog(self, "Log", settings=settings.stack, key=key)
        function = self._function(settings.stack, code, log.group)
        groups = _groups(registrations(settings, __version__))
        self._resources = [self._resource(function, group, groups[group]) for group in sorted(groups)]
        for resource in self._resources:
            resource.node.add_dependency(after)

    @property
    def warnings(self) -> str:
        """The warnings of the last deployment, for an output of the stack."""
        return cdk.Fn.join("; ", [each.get_att_string(WARNINGS) for each in self._resources])

    def _function(self, settings: StackSettings, code: lambda_.Code, log_group: logs.ILogGroup) -> lambda_.Function:
        role = iam.Role(
            self,
            "Role",
            description="Records routes in SageMaker's lineage; integrations/lineage/permissions.py gives the reasons",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[self._policy(log_group)],
        )
        return lambda_.Function(
            self,
            "Function",
            description="Records the routes of capture-forwarder in SageMaker's lineage at deployment",
            runtime=lambda_.Runtime(settings.runtime, lambda_.RuntimeFamily.PYTHON, supports_inline_code=True),
            architecture=ARCHITECTURES[settings.architecture],
            handler="integrations.lineage.deploying.custom_resource.handle",
            code=code,
            role=role,
            log_group=log_group,
            memory_size=_MEMORY_MB,
            timeout=_LONGEST,
        )

    def _policy(self, log_group: logs.ILogGroup) -> iam.ManagedPolicy:
        write_logs = iam.PolicyStatement(
            sid="WriteLogs",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[log_group.log_group_arn],
        )
        return iam.ManagedPolicy(
            self,
            "Policy",
            description="The permissions of capture-forwarder to record lineage",
            statements=[*(self._statement(allowed) for allowed in DEPLOYED), write_logs],
        )

    def _statement(self, allowed: Allowed) -> iam.PolicyStatement:
        stack = cdk.Stack.of(self)
        arns = [stack.format_arn(service="sagemaker", resource=kind, resource_name="*") for kind in allowed.resources]
        return iam.PolicyStatement(sid=allowed.sid, actions=list(allowed.actions), resources=arns or ["*"])

    def _resource(self, function: lambda_.Function, group: int, routes: Iterable[Registration]) -> cdk.CustomResource:
        properties = {PROPERTY: msgspec.json.decode(msgspec.json.encode(list(routes)))}
        resource = cdk.CustomResource(
            self, f"Routes{group}", service_token=function.function_arn, properties=properties
        )
        # The CDK's own option writes a text, and CloudFormation warns of it.
        rendered = cast("cdk.CfnResource", resource.node.default_child)
        rendered.add_property_override("ServiceTimeout", _LONGEST_ANSWER.to_seconds())
        return resource


def _groups(routes: Iterable[Registration]) -> dict[int, list[Registration]]:
    """Return the routes by group. The name of a route decides its group."""
    found: dict[int, list[Registration]] = {}
    for route in routes:
        found.setdefault(int(sha256(route.route.encode()).hexdigest(), 16) % _GROUPS, []).append(route)
    return found
