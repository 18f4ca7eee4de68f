"""Names that no object of S3 can have: such an object is rejected, and no error of the libraries leaves the store."""

from math import inf

import pytest

from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Reason, RejectionCode, SourceUnavailable


def store_that_gets(url: str) -> S3ObjectStore:
    """Return a store on the server at `url`."""
    return S3ObjectStore(aws_session().client("s3", endpoint_url=url, config=CONFIG), sleep=lambda _: None)


@pytest.mark.parametrize(
    "source",
    [
        CaptureObject("captures", "a", etag="e1\r\nx: y"),
        CaptureObject("captures", "a", etag="é"),
        CaptureObject("captures", "a", etag="€"),
        CaptureObject("captures", "a", etag="a b"),
        CaptureObject("captures", "a", etag='a"b'),
        CaptureObject("captures", "a", etag="a\0"),
        CaptureObject("captures", "a", etag="e1\n"),
        CaptureObject("captures", "a", "v\r\nx", "e1"),
        CaptureObject("captures", "a", "v\ud800", "e1"),
        CaptureObject("captures", "a\ud800"),
        CaptureObject("captures", ""),
        CaptureObject("captures", "k" * 1025),
        CaptureObject("captures", "é" * 513),
        CaptureObject("cap tures", "a"),
        CaptureObject("captures/../x", "a"),
        CaptureObject("captures\n", "a"),
        CaptureObject("", "a"),
        CaptureObject("arn:aws:s3:eu-west-1:1:accesspoint/x", "a"),
    ],
)
def test_a_name_that_s3_cannot_have_is_a_rejection(source: CaptureObject) -> None:
    """No request is made: no server listens there. The sentence does not repeat the name."""
    found = store_that_gets("http://127.0.0.1:1").open(source, 0, lambda: inf)
    assert isinstance(found, Reason)
    assert found.code is RejectionCode.OBJECT_GONE
    assert found.why == "S3 cannot have an object with this bucket, key, etag or version id"


@pytest.mark.parametrize(
    "bucket", ["a", "xn--a", "-a", "a..b", "A_b.C", "192.168.1.1", "a" * 255, "captures--x-s3", "mrap"]
)
def test_a_strange_bucket_raises_only_what_is_documented(bucket: str) -> None:
    """Botocore refuses some of these with errors of its own."""
    try:
        found = store_that_gets("http://127.0.0.1:1").open(CaptureObject(bucket, "a"), 0, lambda: 2.0)
    except SourceUnavailable:
        return
    assert isinstance(found, Reason)
