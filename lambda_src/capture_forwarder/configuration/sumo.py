"""`[observability.sumo]` of `forwarder.toml`: delivery of metrics and logs to Sumo Logic."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from capture_forwarder.configuration.stack import BucketName
from capture_forwarder.domain.option_types import Name, Secret

Alias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", title="letters, digits, . _ -; at most 63")]
RoleArn = Annotated[str, Meta(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$", title="the ARN of an IAM role")]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", title='a region, such as "eu-west-1"')]
# https://help.sumologic.com/docs/send-data/hosted-collectors/amazon-aws/amazon-path-expressions/
PathExpression = Annotated[
    str,
    Meta(
        pattern=r"^[^/\s]\S{0,1023}$",
        title='a pattern of keys, such as "AWSLogs/123456789012/CloudTrail/*", without the bucket and without / at the '
        "beginning",
    ),
]
Category = Annotated[str, Meta(pattern=r"^[!-~]{1,1024}$", title="a source category, without spaces")]


class SumoMode(StrEnum):
    """How Sumo Logic gets the metrics: AWS sends them through Firehose, or Sumo Logic polls CloudWatch."""

    FIREHOSE = "firehose"
    POLLING = "polling"


class JobLogs(StrEnum):
    """The jobs whose logs can be delivered. Their log group must exist, so run one such job before."""

    PROCESSING = "processing"
    TRAINING = "training"
    TRANSFORM = "transform"


class CloudTrailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[observability.sumo.cloudtrail]`: the bucket of a trail, which Sumo Logic reads with a role."""

    bucket: Annotated[BucketName, Meta(description="Bucket of the trail")]
    region: Annotated[Region, Meta(description="Region of the bucket")]
    path_expression: Annotated[PathExpression, Meta(description="Objects of the trail, with * as a wildcard")]
    role_arn: Annotated[RoleArn, Meta(description="Role that Sumo Logic assumes to read the bucket")]
    category: Annotated[Category, Meta(description="Source category of the events")] = (
        "aws/observability/cloudtrail/logs"
    )
    scan_interval_secs: Annotated[int, Meta(ge=60, le=86_400, description="Time between two scans of the bucket")] = 300


class SumoSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[observability.sumo]`: the HTTP sources by references to secrets, because their URLs hold a token.

    `capture-forwarder sumo setup` makes the sources and writes their URLs into these secrets. Deploy afterwards.
    """

    account: Annotated[Alias, Meta(description="Name of this AWS account in Sumo Logic, its field `account`")]
    mode: Annotated[SumoMode, Meta(description="How Sumo Logic gets the metrics")] = SumoMode.FIREHOSE
    metrics_url_secret: Annotated[
        Secret | None,
        Meta(
            title='"secretsmanager:NAME", perhaps with "#KEY" at the end; never the URL itself, because it holds a '
            "token",
            description='Secret with the URL of the source of metrics; for mode = "firehose"',
        ),
    ] = None
    logs_url_secret: Annotated[
        Secret | None,
        Meta(
            title='"secretsmanager:NAME", perhaps with "#KEY" at the end; never the URL itself, because it holds a '
            "token",
            description="Secret with the URL of the source of logs; by default no logs are delivered",
        ),
    ] = None
    role_arn: Annotated[
        RoleArn | None,
        Meta(description='Role that Sumo Logic assumes: it reads tags, and with mode = "polling" the metrics'),
    ] = None
    job_logs: Annotated[
        tuple[JobLogs, ...],
        Meta(
            title=f"a list of some of {', '.join(JobLogs)}",
            description="Jobs whose logs are delivered, besides those of the listed endpoints; their log groups must "
            "exist",
        ),
    ] = ()
    collector: Annotated[
        Name | None,
        Meta(
            description="Name of the collector of `sumo setup`; by default stack, account and region. Run "
            "`sumo setup --remove` before you change it"
        ),
    ] = None
    failed_retention_days: Annotated[
        int, Meta(ge=1, le=3650, description="Retention of records that Sumo Logic did not take")
    ] = 30
    cloudtrail: Annotated[
        CloudTrailSettings | None,
        Meta(description="Trail that Sumo Logic reads from its bucket; by default none"),
    ] = None
