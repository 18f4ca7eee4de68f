"""Who the state machine of backfills is: what it may list, call, write and start, and nothing else."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from capture_forwarder.configuration.permissions import escape_iam_wildcards

RESULTS_PREFIX = "backfill"

# Neither service knows resources for its actions.
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
# https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
_TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html#resultwriter-iam-policies
_WRITE_RESULTS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")


class BackfillRole(iam.Role):
    """Lists `prefixes`, given by bucket, calls `function`, and writes below `backfill/` in `results_bucket`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        results_bucket: s3.IBucket,
        prefixes: Mapping[str, Sequence[str]],
    ) -> None:
        statements = [
            _allow("lambda:InvokeFunction", on=[function.function_arn]),
            _allow(*_WRITE_RESULTS, on=[results_bucket.arn_for_objects(f"{RESULTS_PREFIX}/*")]),
            *(_may_list(bucket, below) for bucket, below in prefixes.items()),
            _allow(*_LOG_DELIVERY, *_TRACING, on=["*"]),
        ]
        if results_bucket.encryption_key:
            statements.append(_allow("kms:Decrypt", "kms:GenerateDataKey", on=[results_bucket.encryption_key.key_arn]))
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            inline_policies={"Backfill": iam.PolicyDocument(statements=statements)},
        )

    def allow_batches_of(self, state_machine: sfn.StateMachine) -> None:
        """Let a map run start its batches: executions of the same state machine, which must be there to be named."""
        executions = f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:execution"
        batches = f"{executions}:{state_machine.state_machine_name}/*"
        statements = [
            _allow("states:StartExecution", on=[state_machine.state_machine_arn]),
            _allow("states:DescribeExecution", "states:StopExecution", on=[batches]),
        ]
        iam.Policy(state_machine, "Batches", statements=statements).attach_to_role(self)


def _may_list(bucket: str, prefixes: Sequence[str]) -> iam.PolicyStatement:
    statement = _allow("s3:ListBucket", on=[f"arn:{Aws.PARTITION}:s3:::{bucket}"])
    statement.add_condition("StringLike", {"s3:prefix": [f"{escape_iam_wildcards(prefix)}*" for prefix in prefixes]})
    return statement


def _allow(*actions: str, on: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=on)
