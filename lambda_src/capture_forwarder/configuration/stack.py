"""`[stack]` and `[[bucket]]` of `forwarder.toml`: the options of the stack.

The stack and the commands read these options. The function reads only `name`, `metrics` and
`progress_retention_days`, and of a bucket `account` and `unrouted`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from capture_forwarder.domain.option_types import KeyArn

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BucketName = Annotated[
    str,
    Meta(
        pattern=r"^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)"
        r"(?!.*(-s3alias|--ol-s3|--x-s3|--table-s3|\.mrap)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        title="a bucket name, without s3://, by the rules of S3",
    ),
]
# With at most 40 characters CloudFormation keeps the stack's name whole where it begins the name of a resource.
StackName = Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9-]{0,39}$", title="letters, digits and -; at most 40")]
TopicArn = Annotated[
    str, Meta(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$", title="the ARN of an SNS topic")
]
PolicyArn = Annotated[
    str, Meta(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/\S+$", title="the ARN of a managed IAM policy")
]
AccountId = Annotated[str, Meta(pattern=r"^\d{12}$", title="an account id of twelve digits")]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", title="an e-mail address")]
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TagKey = Annotated[str, Meta(pattern=r"^(?![aA][wW][sS]:)[\w .:/=+@-]{1,128}$")]
TagValue = Annotated[str, Meta(pattern=r"^[\w .:/=+@-]{0,256}$")]
SubnetId = Annotated[str, Meta(pattern="^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]
GroupId = Annotated[str, Meta(pattern="^sg-([0-9a-f]{8}|[0-9a-f]{17})$")]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653]


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
    """The source of a bucket's events: the bucket's own notifications, or a rule on the event bus."""

    S3 = "s3"
    EVENTBRIDGE = "eventbridge"


class MetricDetail(StrEnum):
    """The dimensions of the function's metrics: routes, destinations and the stack, or the stack only."""

    ROUTE = "route"
    STACK = "stack"


class Unrouted(StrEnum):
    """The treatment of an object in a bucket of a route, if no route has a prefix of its key."""

    QUARANTINE = "quarantine"
    SKIP = "skip"


class VpcSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack.vpc]`: the network of the function, by ids, so that synthesis needs no look-ups."""

    subnet_ids: Annotated[
        tuple[SubnetId, ...],
        Meta(min_length=1, title='a list of subnet ids, ["subnet-..."]', description="Subnets of the function"),
    ]
    security_group_ids: Annotated[
        tuple[GroupId, ...],
        Meta(
            min_length=1,
            max_length=5,
            title='a list of at most five security group ids, ["sg-..."]',
            description="Security groups of the function",
        ),
    ]


class BackfillSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack.backfill]`: the queue of backfills."""

    max_concurrency: Annotated[int, Meta(ge=2, le=1000, description="Most invocations at the same time")] = 10


class StackSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[stack]`: the one stack that this file describes."""

    name: Annotated[StackName, Meta(description="Name of the stack; names of resources begin with it")] = (
        "capture-forwarder"
    )
    runtime: Annotated[PythonRuntime, Meta(description="Python of the function")] = PythonRuntime.PYTHON_3_13
    architecture: Annotated[Architecture, Meta(description="Processor of the function")] = Architecture.ARM64
    memory_size_mb: Annotated[
        int, Meta(ge=128, le=10_240, description="Memory, and with it the share of a processor")
    ] = 512
    timeout_secs: Annotated[
        int, Meta(ge=30, le=900, description="Longest invocation; messages are invisible for six times as long")
    ] = 300
    reserved_concurrency: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="Concurrency that is kept for the function, and its limit; at least the sum of both "
            "`max_concurrency`. See [the runbook](runbook.md#throttles)"
        ),
    ] = None
    max_concurrency: Annotated[int, Meta(ge=2, le=1000, description="Most invocations at the same time")] = 10
    batch_size: Annotated[int, Meta(ge=1, le=10_000, description="Most messages in one invocation")] = 10
    batching_window_secs: Annotated[
        int, Meta(ge=0, le=300, description="Longest wait for a full batch; captures in one batch share requests")
    ] = 20
    max_receives: Annotated[int, Meta(ge=1, le=1000, description="Deliveries before a message is a dead letter")] = 5
    log_retention_days: Annotated[LogDays, Meta(description="Retention of the logs")] = 90
    message_retention_days: Annotated[
        int,
        Meta(
            ge=2,
            le=13,
            description="Retention of messages; longer than `function.give_up_days`, and shorter than the 14 days of "
            "dead letters",
        ),
    ] = 10
    progress_retention_days: Annotated[
        int,
        Meta(ge=30, le=3650, description="Retention of progress; a dead letter that is sent again may be 28 days old"),
    ] = 45
    quarantine_retention_days: Annotated[int, Meta(ge=1, le=36_500, description="Retention of rejections")] = 90
    keep_logs: Annotated[bool, Meta(description="Keep the logs when the stack is deleted")] = False
    metrics: Annotated[
        MetricDetail, Meta(description='"stack" emits only totals, which cost less: docs/metrics.md has the numbers')
    ] = MetricDetail.ROUTE
    expect_captures_every_hours: Annotated[
        Annotated[int, Meta(ge=1, le=24)] | None,
        Meta(description="The alarm `NoCaptures` goes off if no capture is read for so long; by default there is none"),
    ] = None
    alarm_topic_arn: Annotated[TopicArn | None, Meta(description="Topic of the alarms; by default a new one")] = None
    alarm_email: Annotated[
        Email | None, Meta(description="Subscriber of the new topic; AWS first asks for a confirmation")
    ] = None
    tags: Annotated[
        dict[TagKey, TagValue],
        Meta(
            max_length=40,
            title='at most 40 tags, such as {team = "ml"}; keys have 1 to 128 characters and no aws:, values up to 256',
            description="Tags of the stack and its resources",
        ),
    ] = {}
    deletion_protection: Annotated[
        bool,
        Meta(
            description="Refuse to delete the stack and the progress table; "
            "set it after the first deployment, because a failed one could not be rolled back"
        ),
    ] = False
    permissions_boundary_arn: Annotated[PolicyArn | None, Meta(description="Permissions boundary of all roles")] = None
    kms_key_arn: Annotated[
        KeyArn | None, Meta(description="Key of the queue, table, bucket and logs; by default keys of AWS")
    ] = None
    vpc: Annotated[VpcSettings | None, Meta(description="Network of the function; by default none")] = None
    backfill: Annotated[BackfillSettings, Meta(description="Second queue, for the messages of `backfill`")] = field(
        default_factory=BackfillSettings
    )

    @property
    def visibility_timeout_secs(self) -> int:
        """How long a received message stays invisible: six times the function's timeout, and the batching window.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        return self.backfill_visibility_timeout_secs + self.batching_window_secs

    @property
    def backfill_visibility_timeout_secs(self) -> int:
        """The same for messages of a backfill, which do not wait for a batch to fill."""
        return 6 * self.timeout_secs


class BucketSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[bucket]]`: a bucket that a route names and that needs more than its name."""

    name: Annotated[BucketName, Meta(description="Bucket of a route; a bucket without a table must exist")]
    create: Annotated[bool, Meta(description="The stack makes the bucket and never deletes it")] = False
    trigger: Annotated[
        Trigger | None, Meta(description="Default: `s3` for a bucket of the stack, else `eventbridge`")
    ] = None
    kms_key_arns: Annotated[
        tuple[KeyArn, ...],
        Meta(
            title='a list of ARNs of KMS keys, ["arn:aws:kms:..."]',
            description="Keys that encrypt the captures; the stack encrypts a bucket that it makes with the first",
        ),
    ] = ()
    account: Annotated[AccountId | None, Meta(description="Owner of the bucket, if it is another account")] = None
    unrouted: Annotated[
        Unrouted,
        Meta(
            description="Treatment of an object that no route's prefix covers: stored in quarantine as code "
            "`no_route`, with an alarm, or skipped. `skip` is for a bucket that others share, because the events of "
            "many routes are selected by folders above their prefixes"
        ),
    ] = Unrouted.QUARANTINE

    @property
    def chosen_trigger(self) -> Trigger:
        """The trigger of the file, or the default: the stack changes no bucket that it did not make."""
        return self.trigger or (Trigger.S3 if self.create else Trigger.EVENTBRIDGE)
