"""`[stack]` and `[[bucket]]` of `forwarder.toml`: how the stack is made.

The stack and the commands read these options. The function reads only `progress_retention_days`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

BucketName = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="a bucket name, without s3://")
]
_KEY_ID = "(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
KeyArn = Annotated[
    str, Meta(pattern=rf"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:key/{_KEY_ID}$", description="the ARN of a KMS key")
]
_DAY_COUNTS = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653]


class PythonRuntime(StrEnum):
    """The Python of the function."""

    PYTHON_3_12 = "python3.12"
    PYTHON_3_13 = "python3.13"
    PYTHON_3_14 = "python3.14"


class Architecture(StrEnum):
    """The processor of the function."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Trigger(StrEnum):
    """The source of events: the bucket's notification to the queue, or a rule on the event bus."""

    S3 = "s3"
    EVENTBRIDGE = "eventbridge"


class VpcSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack.vpc]`: the network of the function, by id, so that synthesis needs no look-up."""

    subnet_ids: Annotated[
        tuple[Annotated[str, Meta(pattern="^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")], ...],
        Meta(min_length=1, description='a list of subnet ids, ["subnet-..."]'),
    ]
    security_group_ids: Annotated[
        tuple[Annotated[str, Meta(pattern="^sg-([0-9a-f]{8}|[0-9a-f]{17})$")], ...],
        Meta(min_length=1, max_length=5, description='a list of at most five security group ids, ["sg-..."]'),
    ]


class BackfillSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack.backfill]`: how fast the function works on the queue of backfills."""

    max_concurrency: Annotated[int, Meta(ge=2, le=1000, description="2 to 1000")] = 10


class StackSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack]`: the stack that is made from this file."""

    name: Annotated[
        str, Meta(pattern="^[A-Za-z][A-Za-z0-9-]{0,99}$", description="letters, digits and -; at most 100")
    ] = "capture-forwarder"
    runtime: PythonRuntime = PythonRuntime.PYTHON_3_13
    architecture: Architecture = Architecture.ARM64
    memory_size_mb: Annotated[int, Meta(ge=128, le=10_240, description="128 to 10240")] = 512
    timeout_secs: Annotated[int, Meta(ge=30, le=900, description="30 to 900")] = 300
    reserved_concurrency: Annotated[int, Meta(ge=1, description="1 or more")] | None = None
    max_concurrency: Annotated[int, Meta(ge=2, le=1000, description="2 to 1000")] = 10
    batch_size: Annotated[int, Meta(ge=1, le=10_000, description="1 to 10000")] = 10
    batching_window_secs: Annotated[int, Meta(ge=0, le=300, description="0 to 300")] = 20
    max_receives: Annotated[int, Meta(ge=1, le=1000, description="1 to 1000")] = 5
    log_retention_days: Annotated[
        _DAY_COUNTS,
        Meta(description="a number of days that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 180, 365, ..."),
    ] = 90
    message_retention_days: Annotated[int, Meta(ge=1, le=14, description="1 to 14")] = 14
    progress_retention_days: Annotated[int, Meta(ge=30, le=3650, description="30 to 3650")] = 45
    quarantine_retention_days: Annotated[int, Meta(ge=1, le=36_500, description="1 to 36500")] = 90
    alarm_topic_arn: (
        Annotated[
            str,
            Meta(
                pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$", description="the ARN of an SNS topic"
            ),
        ]
        | None
    ) = None
    permissions_boundary_arn: (
        Annotated[
            str,
            Meta(
                pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/\S+$", description="the ARN of a managed IAM policy"
            ),
        ]
        | None
    ) = None
    kms_key_arn: KeyArn | None = None
    vpc: VpcSettings | None = None
    backfill: BackfillSettings = field(default_factory=BackfillSettings)

    @property
    def visibility_timeout_secs(self) -> int:
        """How long a received message stays invisible: six times the function's timeout, and its batching window.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        return self.backfill_visibility_timeout_secs + self.batching_window_secs

    @property
    def backfill_visibility_timeout_secs(self) -> int:
        """The same for messages of a backfill, which do not wait for a batch to fill."""
        return 6 * self.timeout_secs


class BucketSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[bucket]]`: the properties of a bucket that routes name."""

    name: BucketName
    create: bool = False
    trigger: Trigger | None = None
    kms_key_arn: KeyArn | None = None
    account: Annotated[str, Meta(pattern=r"^\d{12}$", description="an account id of twelve digits")] | None = None

    @property
    def chosen_trigger(self) -> Trigger:
        """The trigger that was asked for, or the default: a bucket that the stack did not make is left alone."""
        return self.trigger or (Trigger.S3 if self.create else Trigger.EVENTBRIDGE)
