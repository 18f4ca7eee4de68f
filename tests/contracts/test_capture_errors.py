"""Errors of S3: each is a permanent failure, a denial that a person must end, or temporary. No other error leaves."""

import gc
from math import inf

import pytest
from botocore.exceptions import NoCredentialsError

from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import (
    Reason,
    RejectionCode,
    SourceDamaged,
    SourceDenied,
    SourceUnavailable,
    Superseded,
)
from capture_forwarder.ports import OpenObject
from tests.support.peer_server import Peer, raw_url

SOURCE = CaptureObject("captures", "a.jsonl", etag="e1")


def store_that_gets(url: str, **owners: str) -> S3ObjectStore:
    """Return a store on the server at `url`."""
    return S3ObjectStore(aws_session().client("s3", endpoint_url=url, config=CONFIG), owners, sleep=lambda _: None)


def open_with(
    status: str, code: str | None, message: str = "", start: int = 0, **headers: str
) -> tuple[OpenObject | Reason | Superseded, list[bytes]]:
    """Open an object while S3 always answers so; return the result and the requests."""
    requests: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode() if code else b""
            peer.answer(status, body, **headers)

    with raw_url(serve) as url:
        return store_that_gets(url, captures="123456789012").open(SOURCE, start, lambda: inf), requests


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("404 Not Found", "NoSuchKey", RejectionCode.OBJECT_GONE),
        ("404 Not Found", "NoSuchVersion", RejectionCode.OBJECT_GONE),
        ("405 Method Not Allowed", "MethodNotAllowed", RejectionCode.OBJECT_GONE),
        ("400 Bad Request", "InvalidArgument", RejectionCode.OBJECT_GONE),
        ("400 Bad Request", "KeyTooLongError", RejectionCode.OBJECT_GONE),
        ("403 Forbidden", "InvalidObjectState", RejectionCode.OBJECT_ARCHIVED),
    ],
)
def test_what_can_never_be_read_is_a_rejection(status: str, code: str, expected: RejectionCode) -> None:
    """It is a value, and no exception."""
    found, _ = open_with(status, code)
    assert isinstance(found, Reason)
    assert found.code is expected


def test_an_overwritten_object_is_superseded() -> None:
    """The newer version has an event of its own."""
    found, _ = open_with("412 Precondition Failed", "PreconditionFailed")
    assert isinstance(found, Superseded)


@pytest.mark.parametrize(
    ("status", "code", "message", "step"),
    [
        (
            "403 Forbidden",
            "AccessDenied",
            "Access Denied",
            "s3:GetObject.* account 123456789012; without s3:ListBucket",
        ),
        ("403 Forbidden", None, "", "s3:GetObject"),
        (
            "403 Forbidden",
            "AccessDenied",
            "not authorized to perform: kms:Decrypt on x",
            "allow the function kms:Decrypt",
        ),
        ("403 Forbidden", "AllAccessDisabled", "", "AWS Support"),
        ("403 Forbidden", "AccountProblem", "", "AWS Support"),
        ("403 Forbidden", "InvalidAccessKeyId", "", "deploy the stack again"),
        ("403 Forbidden", "SignatureDoesNotMatch", "", "deploy the stack again"),
        ("404 Not Found", "NoSuchBucket", "", "does not exist"),
        ("400 Bad Request", "InvalidRequest", "", "SSE-C"),
        ("400 Bad Request", "KMS.DisabledException", "", "enable it"),
        ("400 Bad Request", "KMS.KMSInvalidStateException", "", "enable it"),
        ("400 Bad Request", "KMS.NotFoundException", "", "KMS key does not exist"),
        ("400 Bad Request", "KMS.AnyOtherException", "", "correct the permissions"),
        ("418 Teapot", "NeverHeardOf", "", "correct the permissions"),
    ],
)
def test_what_a_person_must_correct_is_denied(status: str, code: str | None, message: str, step: str) -> None:
    """The sentence has the code of S3 and the next step."""
    with pytest.raises(SourceDenied, match=rf"S3 answers {code or '403'}; .*{step}"):
        open_with(status, code, message)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("301 Moved Permanently", "PermanentRedirect"),
        ("301 Moved Permanently", None),
        ("302 Found", None),
        ("400 Bad Request", "AuthorizationHeaderMalformed"),
        ("400 Bad Request", "IllegalLocationConstraintException"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"x_amz_bucket_region": "us-west-2"}])
def test_a_bucket_in_another_region_is_denied(status: str, code: str | None, headers: dict[str, str]) -> None:
    """Botocore follows such an answer once if it names a region, and otherwise asks for the region for ever."""
    place = "in us-west-2" if headers else "in another region"
    with pytest.raises(
        SourceDenied, match=f"the bucket is {place}, and the function runs in eu-west-1; deploy a stack"
    ):
        open_with(status, code, "", 0, **headers)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("500 Internal Server Error", "InternalError"),
        ("503 Slow Down", "SlowDown"),
        ("502 Bad Gateway", None),
        ("400 Bad Request", "RequestTimeout"),
        ("400 Bad Request", "ExpiredToken"),
        ("400 Bad Request", "KMS.ThrottlingException"),
        ("403 Forbidden", "RequestTimeTooSkewed"),
        ("404 Not Found", None),
        ("409 Conflict", "OperationAborted"),
        ("412 Precondition Failed", None),
        ("429 Too Many Requests", None),
        ("307 Temporary Redirect", "TemporaryRedirect"),
    ],
)
def test_what_passes_by_itself_is_unavailable(status: str, code: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a status without a code of S3: it may come from a gateway."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(SourceUnavailable) as failed:
        open_with(status, code)
    assert type(failed.value) is SourceUnavailable


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content_Range": "bytes */10"}, ""),
        ({}, "<ActualObjectSize>10</ActualObjectSize>"),
    ],
)
@pytest.mark.parametrize(("start", "error"), [(9, SourceUnavailable), (10, None), (11, SourceDamaged)])
def test_an_offset_is_compared_with_the_size(
    headers: dict[str, str], body: str, start: int, error: type[Exception] | None
) -> None:
    """At the end there are no bytes; past the end the offset belongs to other bytes; before it S3 contradicts itself."""
    message = f"</Message>{body}<Message>"
    if error:
        with pytest.raises(error) as failed:
            open_with("416 Range Not Satisfiable", "InvalidRange", message, start, **headers)
        assert type(failed.value) is error
        return
    found, _ = open_with("416 Range Not Satisfiable", "InvalidRange", message, start, **headers)
    assert isinstance(found, OpenObject)
    assert list(found.chunks) == []


@pytest.mark.parametrize("headers", [{}, {"Content_Range": "bytes */x"}, {"Content_Range": "bytes 0-1/10"}])
def test_an_offset_without_a_size_is_unavailable(headers: dict[str, str]) -> None:
    """It is not known whether the object is done."""
    with pytest.raises(SourceUnavailable, match="no size") as failed:
        open_with("416 Range Not Satisfiable", "InvalidRange", start=5, **headers)
    assert type(failed.value) is SourceUnavailable


def read_all(store: S3ObjectStore) -> bytes:
    """Return all bytes of the object."""
    found = store.open(SOURCE, 0, lambda: inf)
    assert isinstance(found, OpenObject)
    return b"".join(found.chunks)


# botocore does not close an answer that its parser cannot read; Python does, with a warning.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLast-Modified: never\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-amz-checksum-crc32: %%%\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 400 Bad\r\nContent-Length: 41\r\n\r\n<Error><Code><a>NoSuchKey</a></Code></Error>",
        b"HTTP/1.1 500 Bad\r\nContent-Length: 21\r\n\r\n<Error><Code/></Error>",
        b"HTTP/1.1 400 Bad\r\nContent-Length: 8\r\n\r\n<Error/>",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n<<<<",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 40\r\n\r\n<<<<",
    ],
)
def test_a_broken_answer_raises_only_what_is_documented(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever botocore, urllib3 and http.client raise for it."""
    monkeypatch.setattr("time.sleep", lambda _: None)

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer)

    with raw_url(serve) as url, pytest.raises(SourceUnavailable):
        read_all(store_that_gets(url))
    gc.collect()


def test_without_credentials_a_person_must_act() -> None:
    """At a terminal the login may be missing."""
    client = aws_session().client("s3", config=CONFIG)

    def no_credentials(**_: object) -> None:
        raise NoCredentialsError

    client.meta.events.register("before-sign.s3", no_credentials)
    with pytest.raises(SourceDenied, match=r"AWS credentials are missing .* give them to this process"):
        S3ObjectStore(client).open(SOURCE, 0, lambda: inf)


def test_every_read_names_the_owner_of_its_bucket() -> None:
    """An event cannot make the function read a bucket of another account, nor of one whose owner changed."""

    def owner_header(bucket: str) -> list[bytes]:
        requests: list[bytes] = []

        def serve(peer: Peer) -> None:
            while request := peer.request():
                requests.append(request)
                peer.answer("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>")

        with raw_url(serve) as url, pytest.raises(SourceDenied):
            store_that_gets(url, captures="123456789012").open(CaptureObject(bucket, "a"), 0, lambda: inf)
        return [line for line in requests[0].split(b"\r\n") if line.lower().startswith(b"x-amz-expected-bucket-owner")]

    assert owner_header("captures") == [b"x-amz-expected-bucket-owner: 123456789012"]
    assert owner_header("unknown") == []


def test_opening_ends_in_its_time() -> None:
    """A server that drips its headers is left alone."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.drip(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1000)

    with raw_url(serve) as url, pytest.raises(SourceUnavailable, match="no answer in time"):
        store_that_gets(url).open(SOURCE, 0, lambda: 0.3)
