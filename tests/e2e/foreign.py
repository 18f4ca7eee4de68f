"""Another team on the same bucket: their queue gets the notifications of their models."""

import json
from typing import Any
from urllib.parse import unquote_plus

import boto3

from tests.e2e.configurations import BUCKET
from tests.e2e.ministack import ACCOUNT, REGION

_QUEUE = "models-of-another-team"
_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{_QUEUE}"
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": _ARN,
            "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}},
        }
    ],
}
_CONFIGURATION: Any = {
    "Id": "another-team",
    "QueueArn": _ARN,
    "Events": ["s3:ObjectCreated:*"],
    "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "models/"}]}},
}


def create() -> None:
    """Create their queue, and let the bucket notify it of objects below `models/`."""
    boto3.client("sqs").create_queue(QueueName=_QUEUE, Attributes={"Policy": json.dumps(_POLICY)})
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [_CONFIGURATION]}
    )


def notifications() -> dict[str, Any]:
    """Return the notification configuration of the bucket."""
    found: dict[str, Any] = dict(boto3.client("s3").get_bucket_notification_configuration(Bucket=BUCKET))
    del found["ResponseMetadata"]
    return found


def notified_keys() -> list[str]:
    """Return the keys in their queue's new messages, and delete these."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=_QUEUE)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    records = [record for message in messages for record in json.loads(message["Body"]).get("Records", [])]
    return [unquote_plus(record["s3"]["object"]["key"]) for record in records]
