"""The findings of cdk-nag that the observability stack keeps, each with its reason."""

from collections.abc import Iterator

from capture_forwarder.configuration.observability import Trail
from capture_forwarder.configuration.settings import Settings
from tests.infra.nag import NIST, Acknowledged, of_bucket

AUDIT_WITHOUT_KEY = Acknowledged(
    "Audit",
    "CloudWatchLogGroupEncrypted",
    "CloudWatch encrypts logs with its own key, and these hold no captured data; kms_key_arn is optional",
    NIST,
)
TRAIL_WITHOUT_KEY = Acknowledged(
    "Trail/Trail",
    "CloudTrailEncryptionEnabled",
    "S3 encrypts the files with its own key; a key of the customer is optional",
    NIST,
)
OF_TRAIL = (
    Acknowledged(
        "Trail/Trail",
        "CloudTrailCloudWatchLogsEnabled",
        "the audit log has SageMaker's calls; a second log of all calls would be billed by size",
        NIST,
    ),
    Acknowledged(
        "Trail/Bucket",
        "S3BucketVersioningEnabled",
        "CloudTrail writes a file once, and its digest files show a change",
        NIST,
    ),
    Acknowledged(
        "Trail/Bucket",
        "S1",
        "access logs would need another bucket; CloudTrail's data events record the readers",
    ),
)

OF_DELIVERY = (
    Acknowledged(
        "Sumo/Failed/Bucket",
        "S1",
        "access logs would need another bucket; CloudTrail's data events record the readers",
    ),
    Acknowledged(
        "Sumo/Failed/Bucket",
        "S3BucketVersioningEnabled",
        "Firehose writes a failed record once; older versions would outlive the retention",
        NIST,
    ),
    *(
        Acknowledged(
            f"Sumo/{name}",
            f"IAM5[Resource::<SumoFailedBucketFAA4523D.Arn>/{name.lower()}/*]",
            "Firehose names the objects of failed records; each stream may only write below its folder",
        )
        for name in ("Metrics", "Logs")
    ),
)


def acknowledged(settings: Settings) -> Iterator[Acknowledged]:
    """Yield the findings that an observability stack of `settings` keeps."""
    encrypted = bool(settings.stack.kms_key_arn)
    if not encrypted:
        yield AUDIT_WITHOUT_KEY
    if settings.observability and settings.observability.trail is Trail.CREATE:
        yield from OF_TRAIL
        yield from of_bucket("Trail/Bucket", encrypted=encrypted)
        if not encrypted:
            yield TRAIL_WITHOUT_KEY
    if settings.observability and settings.observability.sumo:
        yield from OF_DELIVERY
        yield from of_bucket("Sumo/Failed/Bucket", encrypted=encrypted)
