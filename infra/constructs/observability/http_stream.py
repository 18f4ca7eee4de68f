"""A Firehose stream to one HTTP source of Sumo Logic, and the bucket of the records that it did not take."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.aws_kinesisfirehose import CfnDeliveryStream as Stream
from constructs import Construct

from capture_forwarder.configuration.secret_reference import SecretReference

# What Sumo Logic asks for: https://help.sumologic.com/docs/send-data/hosted-collectors/amazon-aws/
_BUFFER_SECS = 60
_BUFFER_MIB = 1
_RETRY_SECS = 60


class FailedRecords(Construct):
    """The bucket of the records that Sumo Logic did not take. It outlives the stack, and the records expire."""

    def __init__(self, scope: Construct, construct_id: str, *, retention_days: int, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self.key = key
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(id="failed", expiration=cdk.Duration.days(retention_days)),
                s3.LifecycleRule(id="unfinished", abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


class HttpStream(Construct):
    """A stream to the URL in a secret, with `attributes` in a header of every request.

    CloudFormation reads the secret when it makes the stream, so the URL is in no template. The stream writes no error
    log, because each of its lines would name the URL, and with it the token:
    https://docs.aws.amazon.com/firehose/latest/dev/http_troubleshooting.html
    The metrics of Firehose and the failed records show the same errors.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        url: SecretReference,
        attributes: dict[str, str],
        failed: FailedRecords,
    ) -> None:
        super().__init__(scope, construct_id)
        folder = f"{construct_id.lower()}/"
        account = cdk.Stack.of(self).account
        role = _role(self, "Role", "firehose.amazonaws.com", {"StringEquals": {"sts:ExternalId": account}})
        grants = _write_failed(self, role, failed, folder)
        self.stream = Stream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input={"keyType": "AWS_OWNED_CMK"},
            http_endpoint_destination_configuration=Stream.HttpEndpointDestinationConfigurationProperty(
                endpoint_configuration=Stream.HttpEndpointConfigurationProperty(
                    name="Sumo Logic",
                    url=cdk.SecretValue.secrets_manager(url.name, json_field=url.key).unsafe_unwrap(),
                ),
                request_configuration=_request(attributes),
                buffering_hints=Stream.BufferingHintsProperty(
                    interval_in_seconds=_BUFFER_SECS, size_in_m_bs=_BUFFER_MIB
                ),
                retry_options=Stream.RetryOptionsProperty(duration_in_seconds=_RETRY_SECS),
                role_arn=role.role_arn,
                s3_backup_mode="FailedDataOnly",
                s3_configuration=Stream.S3DestinationConfigurationProperty(
                    bucket_arn=failed.bucket.bucket_arn,
                    role_arn=role.role_arn,
                    prefix=folder,
                    compression_format="GZIP",
                ),
            ),
        )
        self.stream.node.add_dependency(grants)

    def writer(self, service: str, conditions: dict[str, dict[str, str]]) -> iam.Role:
        """Return a new role for `service`. It may only put records into this stream."""
        role = _role(self, "Writer", service, conditions)
        put = iam.PolicyStatement(
            sid="PutRecords",
            actions=["firehose:PutRecord", "firehose:PutRecordBatch"],
            resources=[self.stream.attr_arn],
        )
        iam.ManagedPolicy(role, "Put", statements=[put], roles=[role])
        return role


def _request(attributes: dict[str, str]) -> Stream.HttpEndpointRequestConfigurationProperty:
    return Stream.HttpEndpointRequestConfigurationProperty(
        content_encoding="GZIP",
        common_attributes=[
            Stream.HttpEndpointCommonAttributeProperty(attribute_name=name, attribute_value=value)
            for name, value in attributes.items()
        ],
    )


def _role(scope: Construct, name: str, service: str, conditions: dict[str, dict[str, str]]) -> iam.Role:
    return iam.Role(scope, name, assumed_by=iam.ServicePrincipal(service, conditions=conditions))


def _write_failed(scope: Construct, role: iam.Role, failed: FailedRecords, folder: str) -> iam.ManagedPolicy:
    """Allow a stream to write below its folder: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html."""
    arn = failed.bucket.bucket_arn
    statements = [
        iam.PolicyStatement(
            sid="WriteFailed",
            actions=["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            resources=[f"{arn}/{folder}*"],
        ),
        iam.PolicyStatement(
            sid="FindBucket",
            actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            resources=[arn],
        ),
    ]
    if failed.key:
        stack = cdk.Stack.of(scope)
        statements.append(
            iam.PolicyStatement(
                sid="EncryptFailed",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[failed.key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.{stack.url_suffix}"}},
            )
        )
    return iam.ManagedPolicy(scope, "WriteFailed", statements=statements, roles=[role])
