"""The buckets of the stack: quarantine, and capture buckets with `create = true`. Both outlive the stack.

A first deployment that fails removes them again (`RetainExceptOnCreate`), so that it can be repeated:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from capture_forwarder.configuration.filters import Filter
from capture_forwarder.configuration.names import QUARANTINE_PREFIX
from capture_forwarder.configuration.stack import BucketSettings, Trigger

# A file that was overwritten or deleted by mistake can be brought back for so long.
_NONCURRENT_DAYS = 30


class QuarantineBucket(Construct):
    """Holds rejections until they are replayed or expire. Overwritten and removed versions stay a while longer."""

    def __init__(self, scope: Construct, construct_id: str, *, retention_days: int, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        expiry = cdk.Duration.days(retention_days)
        # S3 takes no delete markers in a rule with an expiration:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
        rules = [
            s3.LifecycleRule(id="rejected", prefix=QUARANTINE_PREFIX, expiration=expiry),
            s3.LifecycleRule(
                id="removed",
                noncurrent_version_expiration=cdk.Duration.days(min(_NONCURRENT_DAYS, retention_days)),
                expired_object_delete_marker=True,
            ),
            s3.LifecycleRule(id="unfinished", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
        ]
        self.bucket = private_bucket(self, None, key, rules, versioned=True)


class CaptureBucket(Construct):
    """A bucket for SageMaker's captures, with the notifications of the routes.

    Notifications are properties of the bucket itself: CDK's own construct deploys a function that may change others.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: BucketSettings,
        filters: Sequence[Filter],
        queue_arn: str,
        after: Sequence[Construct],
    ) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key.from_key_arn(self, "Key", settings.kms_key_arns[0]) if settings.kms_key_arns else None
        self.bucket = private_bucket(self, settings.name, key, [], versioned=False)
        self.bucket.node.add_dependency(*after)
        resource = self.bucket.node.default_child
        if not isinstance(resource, s3.CfnBucket):
            raise TypeError("a bucket is made of a CfnBucket")
        resource.notification_configuration = _notifications(settings.chosen_trigger, filters, queue_arn)


def private_bucket(
    scope: Construct, name: str | None, key: kms.IKey | None, rules: list[s3.LifecycleRule], *, versioned: bool
) -> s3.Bucket:
    """Make a bucket that is encrypted, takes requests by TLS only, is never public, and outlives the stack."""
    return s3.Bucket(
        scope,
        "Bucket",
        bucket_name=name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=True if key else None,
        enforce_ssl=True,
        lifecycle_rules=rules,
        versioned=versioned,
        removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )


def _notifications(
    trigger: Trigger, filters: Sequence[Filter], queue_arn: str
) -> s3.CfnBucket.NotificationConfigurationProperty:
    if trigger is Trigger.EVENTBRIDGE:
        enabled = s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        return s3.CfnBucket.NotificationConfigurationProperty(event_bridge_configuration=enabled)
    return s3.CfnBucket.NotificationConfigurationProperty(
        queue_configurations=[
            s3.CfnBucket.QueueConfigurationProperty(
                event="s3:ObjectCreated:*", queue=queue_arn, filter=_key_filter(one)
            )
            for one in filters
        ]
    )


def _key_filter(one: Filter) -> s3.CfnBucket.NotificationFilterProperty:
    rules = [s3.CfnBucket.FilterRuleProperty(name=name, value=value) for name, value in one.notified.items()]
    return s3.CfnBucket.NotificationFilterProperty(s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=rules))
