"""Streams of S3 that hang, drip, break or change: each byte is yielded once, or the error names the failure."""

import time
from collections.abc import Callable

import pytest

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import SourceUnavailable
from tests.support.capture_server import (
    CRC,
    DATA,
    ETAG,
    MODIFIED,
    Server,
    end_early,
    read,
    reset,
    reset_soon,
    store_of,
    whole,
)
from tests.support.peer_server import Peer, head, raw_server, raw_url


@pytest.mark.parametrize("headers", [{}, {"x_amz_checksum_crc32": CRC}])
@pytest.mark.parametrize("send", [whole, end_early, reset, reset_soon])
@pytest.mark.parametrize("start", [0, 1, 70_000])
def test_a_stream_that_breaks_off_is_read_on_where_it_broke(
    send: Callable[[Peer, bytes, int], None], headers: dict[str, str], start: int
) -> None:
    """Each byte arrives once, and the checksum of the whole is verified also if it came in several answers."""
    server = Server(send, **headers)
    with raw_url(server.serve) as url:
        assert b"".join(read(store_of(url), start)) == DATA[start:]
    assert server.starts == sorted(server.starts)
    assert (len(server.starts) > 1) is (send is not whole)


def test_the_same_version_is_read_on() -> None:
    """The etag of the first answer is a condition of all others, though the event named neither etag nor version."""
    server = Server(end_early)
    with raw_url(server.serve) as url:
        assert b"".join(read(store_of(url), source=CaptureObject("captures", "a"))) == DATA
    assert [request.get("if-match") for request in server.requests] == [None, ETAG, ETAG, ETAG]


def test_an_object_that_is_overwritten_meanwhile_is_not_read_on() -> None:
    """The bytes of two versions are never joined."""
    answers: list[bytes] = []

    def serve(peer: Peer) -> None:
        while request := peer.request():
            answers.append(request)
            if len(answers) > 1:
                peer.answer("412 Precondition Failed", b"<Error><Code>PreconditionFailed</Code></Error>")
                continue
            peer.send(head("200 OK", len(DATA), ETag=ETAG, Last_Modified=MODIFIED))
            peer.send(DATA[:300_000])
            return

    with raw_url(serve) as url, pytest.raises(SourceUnavailable, match="overwritten while it was read"):
        list(read(store_of(url)))
    assert len(answers) == 4


@pytest.mark.parametrize(
    ("etag", "content_range", "why"),
    [
        ('"e2"', "bytes 300000-1048575/1048576", "another version"),
        (ETAG, "bytes 300000-1048576/1048577", "part of the object"),
        (ETAG, "bytes 0-1048575/1048576", "part of the object"),
        (ETAG, None, "part of the object"),
        (None, "bytes 300000-1048575/1048576", "another version"),
    ],
)
def test_an_answer_with_other_bytes_than_asked_for_is_not_read(
    etag: str | None, content_range: str | None, why: str
) -> None:
    """A server that ignores a condition or a range sends bytes that belong elsewhere."""
    named = {name: value for name, value in (("ETag", etag), ("Content_Range", content_range)) if value}

    def serve(peer: Peer) -> None:
        while request := peer.request():
            if b"Range: " in request:
                peer.answer("206 Partial Content", DATA[300_000:], Last_Modified=MODIFIED, **named)
                continue
            peer.send(head("200 OK", len(DATA), ETag=ETAG, Last_Modified=MODIFIED))
            peer.send(DATA[:300_000])
            return

    with raw_url(serve) as url, pytest.raises(SourceUnavailable, match=why):
        list(read(store_of(url)))


def test_a_stream_without_progress_is_given_up_after_three_tries() -> None:
    """The pauses double. The bytes that were read are kept."""

    def send(peer: Peer, data: bytes, count: int) -> None:
        if count == 1:
            peer.send(data[:300_000])
        peer.close()

    server, pauses, chunks = Server(send), list[float](), list[bytes]()
    with raw_url(server.serve) as url, pytest.raises(SourceUnavailable, match="reading failed"):
        chunks.extend(read(store_of(url, pauses=pauses)))
    assert server.starts == [0, *[server.starts[-1]] * 3]
    assert pauses == [0.1, 0.2, 0.4]


def test_progress_begins_the_count_of_tries_anew() -> None:
    """A large object breaks off many times before it is read."""

    def send(peer: Peer, data: bytes, _: int) -> None:
        peer.send(data[:40_000])
        peer.close()

    server = Server(send)
    with raw_url(server.serve) as url:
        assert b"".join(read(store_of(url))) == DATA
    assert len(server.starts) == -(-len(DATA) // 40_000)


def test_a_stream_is_not_opened_again_without_time() -> None:
    """The invocation ends soon; the next one reads on."""
    server, left = Server(end_early), [10.0]
    with raw_url(server.serve) as url:
        chunks = read(store_of(url), left_secs=lambda: left[0])
        next(chunks)
        left[0] = 0.05
        with pytest.raises(SourceUnavailable):
            list(chunks)
    assert server.starts == [0]


def drip(peer: Peer, data: bytes, _: int) -> None:
    """Send a chunk, and then a byte now and then."""
    peer.send(data[: 256 * 1024])
    peer.drip(data[256 * 1024 :])


def hang(peer: Peer, data: bytes, _: int) -> None:
    """Send a chunk, and then no more."""
    peer.send(data[: 256 * 1024])
    peer.wait_for_close()


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
@pytest.mark.parametrize("send", [drip, hang])
def test_a_stream_that_is_too_slow_ends_in_its_time_and_is_closed(
    send: Callable[[Peer, bytes, int], None], headers: dict[str, str]
) -> None:
    """No chunk takes longer than the time that is left; the server sees the end of the connection."""
    closed: list[bool] = []

    def send_and_note(peer: Peer, data: bytes, count: int) -> None:
        try:
            send(peer, data, count)
        finally:
            closed.append(True)

    server, begun = Server(send_and_note, **headers), time.monotonic()
    with raw_url(server.serve) as url:
        chunks = read(store_of(url), left_secs=lambda: begun + 1.0 - time.monotonic())
        assert next(chunks) == DATA[: 256 * 1024]
        with pytest.raises(SourceUnavailable, match="no answer in time"):
            list(chunks)
        assert time.monotonic() - begun < 6
        end = time.monotonic() + 20
        while not closed and time.monotonic() < end:
            time.sleep(0.02)
        assert closed
    assert server.starts == [0]


def test_a_reader_that_stops_early_closes_the_stream() -> None:
    """A run that is out of time must not leave a download behind."""
    server = Server(hang)
    with raw_url(server.serve) as url:
        chunks = read(store_of(url))
        next(chunks)
        begun = time.monotonic()
        chunks.close()  # type: ignore[attr-defined]  # a generator
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("length", [None, len(DATA) + 5])
def test_an_object_is_never_silently_shorter_than_announced(length: int | None) -> None:
    """An end that looks like the end of the object is none."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(head("200 OK", length, Last_Modified=MODIFIED, ETag=ETAG))
        peer.send(DATA)

    with raw_url(serve) as url, pytest.raises(SourceUnavailable):
        list(read(store_of(url)))


def test_a_stream_without_an_etag_is_not_read_on() -> None:
    """Without an etag it may be another object."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(head("200 OK", len(DATA)))
        peer.send(DATA[:300_000])

    with raw_url(serve) as url, pytest.raises(SourceUnavailable, match="no etag"):
        list(read(store_of(url)))


def test_an_empty_object_has_no_bytes() -> None:
    """It is read as any other."""

    def serve(peer: Peer) -> None:
        peer.request()
        peer.answer("200 OK", ETag=ETAG, Last_Modified=MODIFIED)

    with raw_url(serve) as url:
        assert list(read(store_of(url))) == []


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_an_object_that_is_opened_and_not_read_is_closed(connection: str) -> None:
    """The run may lose its claim in between. The connection must not stay open until Python collects garbage."""
    with raw_server(Server(whole, Connection=connection).serve) as server:
        store = store_of(server.url)
        store.open(CaptureObject("captures", "a"), 0, lambda: 60.0)
        assert server.ended.wait(20)
