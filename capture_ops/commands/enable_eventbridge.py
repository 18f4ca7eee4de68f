"""`enable-eventbridge`: sends the events of a bucket to EventBridge, and changes no other setting.

S3 keeps one notification configuration for a bucket, and every write replaces it whole:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
So the command reads the configuration, adds EventBridge, writes it back with its ids, and reads it again to compare.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError, NoRegionError
from rich.console import Console

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.stack import BucketName
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.text import print_line

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_EVENTBRIDGE = "EventBridgeConfiguration"
_DESTINATIONS = {
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}

Notifications = dict[str, Any]


def run(bucket: str, console: Console, confirm: Callable[[str], bool], *, dry_run: bool) -> int:
    """Switch EventBridge on for `bucket` and return the exit code.

    `bucket` is a name, or `s3://` and a name. Raises `CommandError` for another text, or for a bucket in another region
    than the session; `NoRegionError` without a region; `Unavailable`.
    """
    bucket = _name_in(bucket)
    region = aws_session().region_name
    if region is None:
        raise NoRegionError
    s3 = aws_session().client("s3", config=CONFIG)
    found = _read(s3, bucket)
    _check_region(s3, bucket, region)
    _print_plan(bucket, found, console)
    if _EVENTBRIDGE in found or dry_run:
        return ExitCode.OK
    if not confirm(f"Switch EventBridge on for {bucket}?"):
        console.print("Nothing was written.")
        return ExitCode.INCOMPLETE
    if _read(s3, bucket) != found:
        console.print(
            "The configuration has changed since it was read; nothing was written. Run this again.", style="red"
        )
        return ExitCode.INCOMPLETE
    wanted = found | {_EVENTBRIDGE: {}}
    _write(s3, bucket, wanted)
    code = _compare(bucket, wanted, _read(s3, bucket), console)
    if code == ExitCode.OK:
        _print_gap(bucket, console)
    return code


def _name_in(bucket: str) -> str:
    """Return the name in `bucket`, a name or an address of S3. Raises `CommandError`."""
    uri = S3Uri.parse(bucket)
    name = uri.bucket if uri else bucket
    if uri and uri.key:
        raise CommandError(f"{bucket} has a key, and a bucket sends the events of all its keys; write s3://{name}")
    try:
        return msgspec.convert(name, BucketName)
    except msgspec.ValidationError as error:
        raise CommandError(f"{bucket} is not the name of a bucket; write the name, or s3:// and the name") from error


def _check_region(s3: "S3Client", bucket: str, region: str) -> None:
    """Refuse a bucket of another region than `region`: S3 sends events to the bus in the region of the bucket.

    S3 names it in every answer, also to those who may not list the bucket:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        metadata: Any = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]
    except ClientError as error:
        metadata = error.response.get("ResponseMetadata", {})
    except AwsError as error:
        raise _unavailable(bucket, "s3:ListBucket", error) from error
    found = metadata.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if found is None:
        raise Unavailable(f"s3://{bucket}: S3 does not name the bucket's region; check its name and your permissions")
    if found != region:
        raise CommandError(
            f"{bucket} is in {found}, and the region here is {region}: its events never reach a stack in {region}. "
            f"Deploy a stack in {found}, and run this command with AWS_DEFAULT_REGION={found}."
        )


def _read(s3: "S3Client", bucket: str) -> Notifications:
    try:
        found: Notifications = dict(s3.get_bucket_notification_configuration(Bucket=bucket))
    except AwsError as error:
        raise _unavailable(bucket, "s3:GetBucketNotification", error) from error
    del found["ResponseMetadata"]
    return found


def _write(s3: "S3Client", bucket: str, wanted: Notifications) -> None:
    try:
        # Validation would send test messages to the owners of the other entries.
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration=wanted,  # type: ignore[arg-type]  # the answer of S3
            SkipDestinationValidation=True,
        )
    except AwsError as error:
        raise _unavailable(bucket, "s3:PutBucketNotification", error) from error


def _unavailable(bucket: str, action: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"s3://{bucket}: S3 answers {code_of(error)}; check the bucket's name, and that you are allowed {action}"
    )


def _print_plan(bucket: str, found: Notifications, console: Console) -> None:
    entries = list(_entries(found))
    print_line(console, f"s3://{bucket} notifies {len(entries)} destinations{':' if entries else '.'}")
    for entry in entries:
        print_line(console, f"  stays   {entry}")
    if _EVENTBRIDGE in found:
        print_line(console, "EventBridge is already on; there is nothing to do.")
    else:
        print_line(console, "  added   EventBridge, which receives an event for every object in the bucket")
        print_line(console, "Nothing is removed or renamed.")
        print_line(console, "AWS bills every event of the bucket, of captures and of all else: about $1 a million.")
        print_line(
            console,
            "If Terraform or CloudFormation manages this bucket, switch EventBridge on there instead: its next run "
            "would switch it off again.",
        )


def _print_gap(bucket: str, console: Console) -> None:
    """Print how to forward captures that were written before the change takes effect.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    """
    since = datetime.now(UTC) - timedelta(hours=1)
    print_line(console, "The change takes about five minutes. After them, forward what was captured meanwhile:")
    print_line(console, f"  .venv/bin/capture-forwarder backfill s3://{bucket}/ --since {since:%Y-%m-%dT%H} --wait")


def _compare(bucket: str, wanted: Notifications, found: Notifications, console: Console) -> int:
    missing = sorted(set(_entries(wanted)) - set(_entries(found)))
    added = sorted(set(_entries(found)) - set(_entries(wanted)))
    if _EVENTBRIDGE not in found:
        missing.append("EventBridge")
    if not missing and not added:
        print_line(console, f"EventBridge is on for {bucket}; everything else is unchanged.")
        return ExitCode.OK
    console.print("Another writer changed the configuration at the same time. Check it, and run this again:")
    _print_all(console, "missing", missing)
    _print_all(console, "new", added)
    return ExitCode.INCOMPLETE


def _entries(notifications: Notifications) -> Iterator[str]:
    """Yield one line for each entry, with all its fields."""
    for kind, destination in _DESTINATIONS.items():
        for entry in notifications.get(kind, []):
            rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
            filters = ", ".join(f"{rule['Name'].lower()} {rule['Value']}" for rule in rules)
            events = ", ".join(sorted(entry["Events"]))
            yield f"{entry.get('Id')}: {events} {filters and f'({filters}) '}-> {entry[destination]}"


def _print_all(console: Console, label: str, entries: Iterable[str]) -> None:
    for entry in entries:
        print_line(console, f"  {label:<8}{entry}")
