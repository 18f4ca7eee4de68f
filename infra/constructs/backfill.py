"""The state machine that goes over what lay in a bucket before: a distributed map that feeds the same function.

Its input is `{"bucket", "prefix", "since", "until", "suffixes"}`; `capture-forwarder backfill --distributed` writes it.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from capture_forwarder.configuration.stack import StackSettings
from infra.constructs.backfill_role import RESULTS_PREFIX, BackfillRole

# The CDK's old way to render a result writer is deprecated, its new one has to be asked for.
_RESULT_WRITER_V2 = "@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2"
_MAX_BATCH_BYTES = 256 * 1024  # what one execution may be given


class Backfill(Construct):
    """Lists a prefix, hands batches of objects to `function`, and keeps what it answers in `results_bucket`.

    `prefixes` are those that it may list, by bucket. `key` encrypts its log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        results_bucket: s3.IBucket,
        prefixes: Mapping[str, Sequence[str]],
        settings: StackSettings,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.node.set_context(_RESULT_WRITER_V2, True)
        role = BackfillRole(self, "Role", function=function, results_bucket=results_bucket, prefixes=prefixes)
        log = logs.CfnLogGroup(
            self, "Log", retention_in_days=settings.log_retention_days, kms_key_id=key.key_arn if key else None
        )
        log.apply_removal_policy(RemovalPolicy.DESTROY)
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_chainable(_map(self, function, results_bucket, settings)),
            role=role.without_policy_updates(),  # what the CDK would add is wider than what is needed
            logs=sfn.LogOptions(destination=_opened(log), level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        role.allow_batches_of(self.state_machine)


def _opened(log: logs.CfnLogGroup) -> logs.ILogGroup:
    return logs.LogGroup.from_log_group_arn(log, "Opened", log.attr_arn)


def _map(
    scope: Construct, function: lambda_.IFunction, results_bucket: s3.IBucket, settings: StackSettings
) -> sfn.DistributedMap:
    backfill = settings.backfill
    over_objects = sfn.DistributedMap(
        scope,
        "Objects",
        item_reader=sfn.S3ObjectsItemReader(
            bucket_name_path=sfn.JsonPath.string_at("$.bucket"), prefix=sfn.JsonPath.string_at("$.prefix")
        ),
        item_selector=_item(),
        item_batcher=sfn.ItemBatcher(
            max_items_per_batch=backfill.items_per_batch, max_input_bytes_per_batch=_MAX_BATCH_BYTES
        ),
        max_concurrency=backfill.max_concurrency,
        tolerated_failure_percentage=backfill.tolerated_failure_percentage,
        result_writer_v2=sfn.ResultWriterV2(bucket=results_bucket, prefix=RESULTS_PREFIX),
    )
    forward = tasks.LambdaInvoke(
        scope,
        "Forward",
        lambda_function=function,
        payload_response_only=True,
        retry_on_service_exceptions=False,
        task_timeout=sfn.Timeout.duration(Duration.seconds(settings.timeout_secs + 60)),
    )
    forward.add_retry(errors=["EventError"], max_attempts=0)  # a batch that cannot be read never will be
    forward.add_retry(
        errors=["States.ALL"],
        interval=Duration.seconds(15),
        backoff_rate=2,
        max_attempts=5,
        max_delay=Duration.minutes(5),
        jitter_strategy=sfn.JitterType.FULL,
    )
    return over_objects.item_processor(forward)


def _item() -> dict[str, str]:
    """Return how an item says all that it takes, so that one alone means the same as one in a batch."""
    asked = {name: sfn.JsonPath.string_at(f"$.{name}") for name in ("bucket", "since", "until", "suffixes")}
    listed = ("Key", "Etag", "Size", "LastModified")
    return asked | {name: sfn.JsonPath.string_at(f"$$.Map.Item.Value.{name}") for name in listed}
