"""Calls to AWS end in their time, in any case, and leave no thread or connection behind."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from capture_forwarder.aws.errors import AwsError, CallFailed, TimedOut, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.aws.timed import TimedCalls
from tests.e2e.tls import write_certificate
from tests.support.peer_server import Peer, head, raw_url

HEAD = head("200 OK", 1000, Content_Type="application/x-amz-json-1.0")


def hang(peer: Peer) -> None:
    """Read the request and never answer."""
    peer.request()
    peer.wait_for_close()


def drip_the_head(peer: Peer) -> None:
    """Send a byte of the headers now and then."""
    peer.request()
    peer.drip(HEAD + b" " * 1000)


def drip_the_body(peer: Peer) -> None:
    """Send the headers at once, and then a byte of the body now and then."""
    peer.request()
    peer.send(HEAD)
    peer.drip(b" " * 1000)


def read_nothing(peer: Peer) -> None:
    """Take no byte of the request."""
    peer.hang()


def client_of(url: str) -> Any:
    """Return a client of DynamoDB for the server at `url`."""
    return aws_session().client("dynamodb", endpoint_url=url, config=CONFIG)


def wait_until(condition: Callable[[], bool]) -> bool:
    """Return whether `condition` holds within 20 s."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("serve", [hang, drip_the_head, drip_the_body, read_nothing])
def test_a_call_without_an_answer_ends_in_its_time_and_its_connection_is_closed(
    serve: Callable[[Peer], None],
) -> None:
    """The timeouts of botocore allow such a server minutes or hours. No further attempt follows."""
    served: list[str] = []

    def counted(peer: Peer) -> None:
        served.append("begun")
        serve(peer)
        served.append("ended")

    with raw_url(counted) as url:
        client, begun = client_of(url), time.monotonic()
        with pytest.raises(TimedOut):
            TimedCalls()(0.3, client.put_item, TableName="t", Item={"a": {"S": "x" * 300_000}})
        assert time.monotonic() - begun < 5
        assert wait_until(lambda: "ended" in served or serve is not hang)
        time.sleep(0.5)
        assert served.count("begun") == 1


def test_the_thread_of_an_abandoned_call_ends() -> None:
    """A later invocation in the same process starts clean, and has free threads."""
    calls, ended = TimedCalls(), threading.Event()

    def method(client: Any) -> None:
        try:
            client.list_tables()
        finally:
            ended.set()

    with raw_url(drip_the_body) as url:
        with pytest.raises(TimedOut):
            calls(0.3, method, client_of(url))
        assert ended.wait(20)


def test_the_body_of_an_answer_that_comes_too_late_is_closed() -> None:
    """No other code has it, and its connection would stay open."""
    too_late, raw = threading.Event(), io.BytesIO(b"bytes of an object")

    def method() -> dict[str, StreamingBody]:
        assert too_late.wait(20)
        return {"Body": StreamingBody(raw, 18)}

    with pytest.raises(TimedOut):
        TimedCalls()(0.05, method)
    too_late.set()
    assert wait_until(lambda: raw.closed)


def test_the_pauses_and_repeats_of_the_sdk_count() -> None:
    """A server that answers 500 at once is asked four times by botocore; a call that is abandoned asks no more."""
    asked: list[bytes] = []

    def fail(peer: Peer) -> None:
        while request := peer.request():
            asked.append(request)
            peer.answer("500 Internal Server Error", b"{}")

    with raw_url(fail) as url:
        client = aws_session().client(
            "dynamodb",
            endpoint_url=url,
            config=CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 12})),
        )
        with pytest.raises(TimedOut):
            TimedCalls()(0.2, client.list_tables)
        time.sleep(0.3)
        count = len(asked)
        time.sleep(2.5)
        assert len(asked) == count < 12


def test_a_connection_that_another_call_uses_now_stays_open() -> None:
    """A call that waits before its next attempt has given its connection back."""
    waiting, second_sent, go_on = threading.Event(), threading.Event(), threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer("500 Internal Server Error", b"{}")
        peer.request()
        second_sent.set()
        go_on.wait(20)
        peer.answer("200 OK", b'{"TableNames": ["a"]}')

    def pause(response: Any, **_: object) -> int | None:
        if response is None or response[0].status_code == 200:
            return None
        waiting.set()
        go_on.wait(20)
        return 0

    with raw_url(serve) as url:
        client, calls = client_of(url), TimedCalls()
        client.meta.events.register_first("needs-retry.dynamodb", pause)
        paused = calls.begin(client.list_tables)
        assert waiting.wait(20)
        other = calls.begin(client.list_tables)
        assert second_sent.wait(20)
        paused.abandon()
        go_on.set()
        assert other.result(20)["TableNames"] == ["a"]
        with pytest.raises(TimedOut):
            paused.result(20)


def test_the_result_and_the_error_of_a_call_are_its_own(aws: str) -> None:
    """An error of AWS has its code; infinite time is allowed."""
    del aws
    client, calls = aws_session().client("sqs", config=CONFIG), TimedCalls()
    assert "QueueUrl" in calls(float("inf"), client.create_queue, QueueName="q")
    with pytest.raises(ClientError, match="NonExistentQueue"):
        calls(30, client.get_queue_url, QueueName="none")


def test_an_answer_that_botocore_cannot_read_is_an_error_of_aws() -> None:
    """Its parser expects an object, and raises `AttributeError` for a list."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer("400 Bad Request", b"[1]", Content_Type="application/x-amz-json-1.0")

    with raw_url(serve) as url, pytest.raises(AwsError) as failed:
        TimedCalls()(30, client_of(url).list_tables)
    assert isinstance(failed.value, CallFailed)
    assert code_of(failed.value) == "AttributeError"


@pytest.mark.parametrize("within_secs", [0, -1, float("-inf")])
def test_without_time_a_call_does_not_begin(within_secs: float) -> None:
    """A call that cannot be answered in time should not begin."""
    begun: list[int] = []
    with pytest.raises(TimedOut) as late:
        TimedCalls()(within_secs, begun.append, 1)
    assert begun == []
    assert code_of(late.value) == "no answer in time"


def test_more_calls_hang_than_there_are_threads() -> None:
    """A call that has not begun is cancelled, so it has no effect later."""
    calls, release, begun = TimedCalls(), threading.Event(), threading.Event()
    hanging = [calls.begin(release.wait, 60) for _ in range(64)]
    with pytest.raises(TimedOut):
        calls(0.1, begun.set)
    release.set()
    assert all(call.result(20) for call in hanging)
    calls(20, max, 1, 2)
    assert not begun.is_set()


@pytest.mark.parametrize("serve", [hang, drip_the_head, drip_the_body])
def test_a_call_over_tls_is_ended_too(serve: Callable[[Peer], None], tmp_path: Path) -> None:
    """Its thread ends, though it reads from an encrypted connection."""
    certificate, ended = write_certificate(tmp_path), threading.Event()

    def method(client: Any) -> None:
        try:
            client.list_tables()
        finally:
            ended.set()

    with raw_url(serve, certificate) as url:
        client = aws_session().client("dynamodb", endpoint_url=url, config=CONFIG, verify=str(certificate.path))
        with pytest.raises(TimedOut):
            TimedCalls()(1.0, method, client)
        assert ended.wait(20)
