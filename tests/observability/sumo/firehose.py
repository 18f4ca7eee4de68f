"""A sender that posts records as Firehose does, by the properties of a synthesised stream.

https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html: protocol 1.0, the same request id in
every attempt, and an answer that is 200 with that id and a timestamp, as JSON. Records that no attempt delivers go to
the backup, with the reason.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import requests
from msgspec import Struct

PROTOCOL = "1.0"


class Stream(Struct, frozen=True, kw_only=True):
    """The parts of a synthesised stream that decide how it sends."""

    url: str
    attributes: Mapping[str, str]
    is_compressed: bool
    access_key: str
    backup_prefix: str
    source_arn: str

    @classmethod
    def of_template(cls, properties: Mapping[str, Any], url: str, parameters: Mapping[str, str]) -> "Stream":
        """Return the stream of a template; `url` is the value of its secret, `parameters` those of CloudFormation."""
        destination = properties["HttpEndpointDestinationConfiguration"]
        request = destination["RequestConfiguration"]
        assert destination["S3BackupMode"] == "FailedDataOnly"
        return cls(
            url=url,
            attributes={
                each["AttributeName"]: _resolved(each["AttributeValue"], parameters)
                for each in request["CommonAttributes"]
            },
            is_compressed=request["ContentEncoding"] == "GZIP",
            access_key=destination["EndpointConfiguration"].get("AccessKey", ""),
            backup_prefix=destination["S3Configuration"]["Prefix"],
            source_arn="arn:aws:firehose:eu-west-1:123456789012:deliverystream/stream",
        )


class Sender:
    """Posts records of one stream; `backup` are the objects of records that were not taken, by key."""

    def __init__(self, stream: Stream, *, attempts: int = 2, timeout_secs: float = 5) -> None:
        self._stream = stream
        self._attempts = attempts
        self._timeout_secs = timeout_secs
        self.backup: dict[str, list[dict[str, Any]]] = {}

    def send(self, records: Sequence[bytes], timestamp_ms: int = 1_767_086_196_619) -> bool:
        """Post records as one request, as often as it takes; return whether they were taken."""
        request_id = str(uuid4())
        reason = ""
        for _ in range(self._attempts):
            reason = self._attempt(records, request_id, timestamp_ms)
            if not reason:
                return True
        key = f"{self._stream.backup_prefix}http-endpoint-failed/{request_id}"
        self.backup[key] = [
            {"errorCode": reason, "attemptsMade": self._attempts, "rawData": base64.b64encode(each).decode()}
            for each in records
        ]
        return False

    def _attempt(self, records: Sequence[bytes], request_id: str, timestamp_ms: int) -> str:
        """Post once; return the code of the failure, or an empty text."""
        document = {
            "requestId": request_id,
            "timestamp": timestamp_ms,
            "records": [{"data": base64.b64encode(each).decode()} for each in records],
        }
        body = json.dumps(document).encode()
        try:
            answer = requests.post(
                self._stream.url,
                data=gzip.compress(body) if self._stream.is_compressed else body,
                headers=self._headers(request_id),
                timeout=self._timeout_secs,
            )
        except requests.Timeout:
            return "HttpEndpoint.RequestTimeout"
        return _failure(answer, request_id)

    def _headers(self, request_id: str) -> dict[str, str]:
        stream = self._stream
        return {
            "X-Amz-Firehose-Protocol-Version": PROTOCOL,
            "X-Amz-Firehose-Request-Id": request_id,
            "X-Amz-Firehose-Source-Arn": stream.source_arn,
            "X-Amz-Firehose-Access-Key": stream.access_key,
            "X-Amz-Firehose-Common-Attributes": json.dumps({"commonAttributes": dict(stream.attributes)}),
            "Content-Type": "application/json",
        } | ({"Content-Encoding": "gzip"} if stream.is_compressed else {})


def _failure(answer: requests.Response, request_id: str) -> str:
    if answer.status_code != requests.codes.ok:
        return "HttpEndpoint.DestinationException"
    try:
        document = answer.json()
    except ValueError:
        return "HttpEndpoint.ResponseFromDestinationIsInvalid"
    if document.get("requestId") != request_id or not isinstance(document.get("timestamp"), int):
        return "HttpEndpoint.ResponseFromDestinationIsInvalid"
    return ""


def _resolved(value: Any, parameters: Mapping[str, str]) -> str:
    return parameters[value["Ref"]] if isinstance(value, dict) else str(value)


def log_record(group: str, stream: str, events: Sequence[Mapping[str, Any]], kind: str = "DATA_MESSAGE") -> bytes:
    """Return a record of a log subscription, as CloudWatch Logs puts it into Firehose: JSON in gzip."""
    document = {
        "messageType": kind,
        "owner": "123456789012",
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["capture-forwarder"],
        "logEvents": list(events),
    }
    return gzip.compress(json.dumps(document).encode())


def control_record() -> bytes:
    """Return the record that CloudWatch Logs sends first, to see whether the stream takes records."""
    event = {"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}
    return log_record("", "", [event], "CONTROL_MESSAGE")
