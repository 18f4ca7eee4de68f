"""The function, its role, its log and its two event source mappings."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from capture_forwarder.configuration.permissions import Statement
from capture_forwarder.configuration.stack import Architecture, StackSettings
from infra.constructs.log_group import log_group

ARCHITECTURES = {
    Architecture.ARM64: lambda_.Architecture.ARM_64,
    Architecture.X86_64: lambda_.Architecture.X86_64,
}
# The function sends pending work to its own queue. By default Lambda would drop it after about 16 rounds, and SQS would
# make it a dead letter. It is no endless loop: the delay grows to 15 minutes, so an object is received about 100 times
# a day. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
_RECURSIVE_LOOP = lambda_.RecursiveLoop.ALLOW


class ForwarderLog(Construct):
    """The function's log group, made here so that it has a retention. `keep_logs` keeps it when the stack is gone."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: StackSettings, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self.group = log_group(self, retention_days=settings.log_retention_days, kept=settings.keep_logs, key=key)


class ForwarderFunction(Construct):
    """The function under a role that allows exactly the statements of `policies`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StackSettings,
        code: lambda_.Code,
        log_group: logs.ILogGroup,
        policies: Sequence[Sequence[Statement]],
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description="The permissions of capture-forwarder; configuration/permissions.py gives the reasons",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            # The policies exist before the role, and the role before the event source mapping that uses it.
            managed_policies=[self._policy(index, statements) for index, statements in enumerate(policies)],
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description="Forwards SageMaker captures to the platform that monitors the models",
            runtime=lambda_.Runtime(settings.runtime, lambda_.RuntimeFamily.PYTHON, supports_inline_code=True),
            architecture=ARCHITECTURES[settings.architecture],
            handler="capture_forwarder.entry.lambda_handler",
            code=code,
            role=self.role,
            log_group=log_group,
            memory_size=settings.memory_size_mb,
            timeout=cdk.Duration.seconds(settings.timeout_secs),
            reserved_concurrent_executions=settings.reserved_concurrency,
            recursive_loop=_RECURSIVE_LOOP,
            environment=dict(environment),
        )
        if settings.vpc:
            self._join(settings.vpc.subnet_ids, settings.vpc.security_group_ids)

    def _policy(self, index: int, statements: Sequence[Statement]) -> iam.ManagedPolicy:
        return iam.ManagedPolicy(
            self,
            f"Policy{index}",
            description="Part of the permissions of capture-forwarder",
            statements=[iam.PolicyStatement.from_json(statement.document) for statement in statements],
        )

    def _join(self, subnet_ids: Sequence[str], security_group_ids: Sequence[str]) -> None:
        resource = self.function.node.default_child
        if not isinstance(resource, lambda_.CfnFunction):
            raise TypeError("a function is made of a CfnFunction")
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(subnet_ids), security_group_ids=list(security_group_ids)
        )

    def work(self, queue: sqs.IQueue, settings: StackSettings) -> None:
        """Invoke the function with batches of live captures from `queue`; it answers with the messages that failed."""
        lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=self.function,
            event_source_arn=queue.queue_arn,
            batch_size=settings.batch_size,
            max_batching_window=cdk.Duration.seconds(settings.batching_window_secs),
            max_concurrency=settings.max_concurrency,
            report_batch_item_failures=True,
        )

    def work_backfill(self, queue: sqs.IQueue, settings: StackSettings) -> None:
        """Invoke the function with one message of a backfill at a time.

        A message names up to 50 objects, so that they share requests already. With more, large objects would use up the
        time of an invocation, and each object that is left would be requeued in a message of its own.
        """
        lambda_.EventSourceMapping(
            self,
            "BackfillMapping",
            target=self.function,
            event_source_arn=queue.queue_arn,
            batch_size=1,
            max_concurrency=settings.backfill.max_concurrency,
            report_batch_item_failures=True,
        )
