"""The trail: EventBridge gets API calls from CloudTrail, and from nowhere else."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from capture_forwarder.configuration.observability import ObservabilitySettings
from infra.constructs.buckets import private_bucket
from integrations.observability.trail import trail_selectors

_CLOUDTRAIL = "cloudtrail.amazonaws.com"


class ApiTrail(Construct):
    """A trail of this region, and its bucket. The bucket outlives the stack.

    A trail cannot choose the management events of one service, so it records those of all. `CfnTrail`, because the
    CDK's own knows no data events of SageMaker.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: ObservabilitySettings,
        key: kms.IKey | None,
    ) -> None:
        """Make the trail `name`; `key` encrypts its files. They expire with the audit log."""
        super().__init__(scope, construct_id)
        expiry = cdk.Duration.days(settings.audit_retention_days)
        rules = [s3.LifecycleRule(id="events", expiration=expiry)]
        self.bucket = private_bucket(self, None, key, rules, versioned=False)
        arn = cdk.Stack.of(self).format_arn(service="cloudtrail", resource="trail", resource_name=name)
        self._let_write(arn)
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=name,
            is_logging=True,
            s3_bucket_name=self.bucket.bucket_name,
            include_global_service_events=False,
            is_multi_region_trail=False,
            enable_log_file_validation=True,
            kms_key_id=key.key_arn if key else None,
            advanced_event_selectors=[_selector(each) for each in trail_selectors(settings)],
        )
        # CloudTrail writes to the bucket when the trail is made.
        trail.node.add_dependency(self.bucket)

    def _let_write(self, arn: str) -> None:
        """Let this trail write to the bucket, and no other.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
        """
        stack = cdk.Stack.of(self)
        files = self.bucket.arn_for_objects(f"AWSLogs/{stack.account}/*")
        own = {"aws:SourceArn": arn}
        owned = own | {"s3:x-amz-acl": "bucket-owner-full-control"}
        for action, resource, equal in (
            ("s3:GetBucketAcl", self.bucket.bucket_arn, own),
            ("s3:PutObject", files, owned),
        ):
            self.bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(_CLOUDTRAIL)],
                    actions=[action],
                    resources=[resource],
                    conditions={"StringEquals": equal},
                )
            )


def _selector(fields: dict[str, list[str]]) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    named: list[Any] = [
        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field=field, equal_to=values)
        for field, values in fields.items()
    ]
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(field_selectors=named)
