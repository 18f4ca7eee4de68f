"""Answers that break the rules are never the result of a row; those that keep them are read."""

import gzip
import json
import zlib

import pytest

from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.delivery import (
    ACCEPTED,
    DestinationDenied,
    DestinationUnavailable,
    RowStatus,
)
from tests.e2e.tls import Certificate
from tests.support.http_client import EARLY_HINTS, GOOD, arthur, batch
from tests.support.peer_server import Peer, answer, raw_server, saying

MIB = 1024 * 1024


def chunked(*parts: bytes) -> bytes:
    """Return an answer in chunks that are written already."""
    return b"HTTP/1.1 207 x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts)


def encoded(coding: str, body: bytes) -> bytes:
    """Return an answer with an encoded body."""
    return answer(207, body, f"Content-Encoding: {coding}")


BOMB = gzip.compress(b" " * (64 * MIB))
FULL = b"%x\r\n%b\r\n" % (len(GOOD), GOOD)
LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
HEAD = b"HTTP/1.1 207 x\r\n"
BAD = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP/0.9": GOOD,
    "HTTP/2": b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\n" + GOOD,
    "no status": b"HTTP/1.1\r\n" + LENGTH + b"\r\n" + GOOD,
    "status 000": b"HTTP/1.1 000 x\r\n" + LENGTH + b"\r\n" + GOOD,
    "status 99": b"HTTP/1.1 99 x\r\n" + LENGTH + b"\r\n" + GOOD,
    "status 1000": b"HTTP/1.1 1000 x\r\n" + LENGTH + b"\r\n" + GOOD,
    "status -200": b"HTTP/1.1 -200 x\r\n" + LENGTH + b"\r\n" + GOOD,
    "a status in words": b"HTTP/1.1 OK\r\n" + LENGTH + b"\r\n" + GOOD,
    "a status line of 1 MB": b"HTTP/1.1 207 " + b"x" * MIB + b"\r\n" + LENGTH + b"\r\n" + GOOD,
    "a header of 1 MB": HEAD + b"X: " + b"x" * MIB + b"\r\n" + LENGTH + b"\r\n" + GOOD,
    "100,000 headers": HEAD + b"X: 1\r\n" * 100_000 + LENGTH + b"\r\n" + GOOD,
    "a line that is no header": HEAD + b"this is no header\r\n" + LENGTH + b"\r\n" + GOOD,
    "a header without a name": HEAD + b": x\r\n" + LENGTH + b"\r\n" + GOOD,
    "a header that begins with a space": HEAD + b" x\r\n" + LENGTH + b"\r\n" + GOOD,
    "headers that break off": HEAD + LENGTH,
    "a length that is too small": HEAD + b"Content-Length: 5\r\n\r\n" + GOOD,
    "a length that is too large": HEAD + b"Content-Length: 500\r\n\r\n" + GOOD,
    "a negative length": HEAD + b"Content-Length: -28\r\n\r\n" + GOOD,
    "a length with a sign": HEAD + b"Content-Length: +28\r\n\r\n" + GOOD,
    "a length with an underscore": HEAD + b"Content-Length: 2_8\r\n\r\n" + GOOD,
    "a length in hexadecimal": HEAD + b"Content-Length: 0x1c\r\n\r\n" + GOOD,
    "a length in words": HEAD + b"Content-Length: many\r\n\r\n" + GOOD,
    "a length of a thousand digits": HEAD + b"Content-Length: " + b"9" * 1000 + b"\r\n\r\n" + GOOD,
    "an empty length": HEAD + b"Content-Length:\r\n\r\n" + GOOD,
    "two lengths": HEAD + LENGTH + b"Content-Length: 5\r\n\r\n" + GOOD,
    "two lengths in a line": HEAD + b"Content-Length: 28, 5\r\n\r\n" + GOOD,
    "a length and chunks": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + FULL + b"0\r\n\r\n",
    "chunks twice": HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + FULL + b"0\r\n\r\n",
    "another transfer coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + FULL + b"0\r\n\r\n",
    "an unknown transfer coding": HEAD + b"Transfer-Encoding: xchunked\r\n" + LENGTH + b"\r\n" + GOOD,
    "a chunk size in words": chunked(b"many\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "a negative chunk size": chunked(b"-5\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "a chunk size of -1": chunked(b"-1\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "an empty chunk size": chunked(b"\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "a chunk size of 1 MB": chunked(b"1c;" + b"x" * MIB + b"\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "a chunk that is too long": chunked(b"5\r\n", GOOD, b"\r\n0\r\n\r\n"),
    "a chunk that breaks off": chunked(b"500\r\n", GOOD),
    "a chunk of 2**70 bytes": chunked(b"%x\r\n" % 2**70, GOOD),
    "no last chunk": chunked(b"5\r\n", GOOD[:5], b"\r\n"),
    "text that says it is gzip": encoded("gzip", GOOD),
    "half of a gzip": encoded("gzip", gzip.compress(GOOD)[:20]),
    "a damaged gzip": encoded("gzip", gzip.compress(GOOD)[:12] + b"\xff" * 20),
    "a damaged deflate": encoded("deflate", b"\x78\x9c" + b"\xff" * 20),
    "a gzip bomb": encoded("gzip", BOMB),
    "a deflate bomb": encoded("deflate", zlib.compress(b" " * (64 * MIB))),
    "a gzip bomb in a gzip": encoded("gzip, gzip", gzip.compress(BOMB)),
    "a gzip bomb in chunks": HEAD
    + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BOMB), BOMB),
    "gzip a hundred times": encoded(", ".join(["gzip"] * 100), gzip.compress(GOOD)),
    "an unknown coding": encoded("secret", bytes(range(256))),
    "no body": HEAD + b"Content-Length: 0\r\n\r\n",
    "status 204 with a body": b"HTTP/1.1 204 x\r\n" + LENGTH + b"\r\n" + GOOD,
    "switching protocols": b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n" + answer(207, GOOD),
    "informational answers without end": EARLY_HINTS * 1000 + answer(207, GOOD),
    "an informational answer of 100,000 headers": b"HTTP/1.1 103 x\r\n" + b"X: 1\r\n" * 100_000,
    "an informational answer alone": EARLY_HINTS,
    "an invalid byte": answer(207, GOOD.replace(b"200", b"20\xff")),
    "UTF-16": answer(207, GOOD.decode().encode("utf-16")),
    "a deep document": answer(207, b'{"results":' + b"[" * 1_000_000),
    "an endless body": HEAD + b"\r\n" + b" " * (17 * MIB),
    "an endless chunk": chunked(b"%x\r\n" % (10**9), b" " * (17 * MIB)),
    "endless chunks": chunked(b"1\r\n \r\n" * (3 * MIB)),
    "endless trailers": chunked(FULL, b"0\r\n", b"X: 1\r\n" * (3 * MIB)),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_answer_that_breaks_the_rules_leaves_the_rows_pending(tls: Certificate | None, bad: bytes) -> None:
    """The next request has its own answer."""

    def script(peer: Peer) -> None:
        saying(answer(207, GOOD) if peer.number else bad)(peer)

    with raw_server(script, tls) as server:
        destination = arthur(server.url, tls, read_secs=6.0)
        with pytest.raises(DestinationUnavailable) as caught:
            destination.send(batch(), within_secs=30.0)
        assert not isinstance(caught.value, DestinationDenied)
        assert server.ended.wait(20.0)
        assert destination.send(batch(), within_secs=30.0).results == [ACCEPTED]
        assert server.connections == 2


def test_no_sentence_shows_bytes_of_an_answer(tls: Certificate | None) -> None:
    """An answer may echo the rows or the token."""
    for bad in (b"secret-word is no HTTP\r\n", HEAD + b"secret-word\r\n\r\n", chunked(b"secret-word\r\n")):
        with raw_server(saying(bad), tls) as server, pytest.raises(DestinationUnavailable) as caught:
            arthur(server.url, tls).send(batch(), within_secs=30.0)
        assert "secret" not in str(caught.value)


GOOD_ANSWERS = {
    "a length": answer(207, GOOD),
    "chunks": chunked(FULL, b"0\r\n\r\n"),
    "chunks of a byte": chunked(*(b"1\r\n%c\r\n" % byte for byte in GOOD), b"0\r\n\r\n"),
    "a chunk extension and a trailer": chunked(FULL.replace(b"\r\n", b";a=b\r\n", 1), b"0\r\nX: 1\r\n\r\n"),
    "no length, and the end of the connection": HEAD + b"\r\n" + GOOD,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + GOOD,
    "gzip": encoded("gzip", gzip.compress(GOOD)),
    "deflate": encoded("deflate", zlib.compress(GOOD)),
    "the same length twice": HEAD + LENGTH * 2 + b"\r\n" + GOOD,
    "lines that end with LF": answer(207, b"").replace(b"0\r\n", b"28\r\n").replace(b"\r\n", b"\n") + GOOD,
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(207, GOOD),
    "early hints": EARLY_HINTS + answer(207, GOOD),
    "processing, hints, and an unassigned status": b"HTTP/1.1 102 x\r\n\r\n" + EARLY_HINTS * 3 + b"HTTP/1.1 199 x\r\n\r\n" + answer(207, GOOD),
}  # fmt: skip


@pytest.mark.parametrize("good", GOOD_ANSWERS.values(), ids=GOOD_ANSWERS)
def test_an_answer_that_keeps_the_rules_is_read(tls: Certificate | None, good: bytes) -> None:
    """Informational answers are skipped, as HTTP says."""
    with raw_server(saying(good), tls) as server:
        assert arthur(server.url, tls).send(batch(), within_secs=30.0).results == [ACCEPTED]


@pytest.mark.parametrize("statuses", [(200, 400), (400, 200)])
def test_results_of_the_right_rows_count(tls: Certificate | None, statuses: tuple[int, int]) -> None:
    """A rejected row beside an accepted one, and the reverse."""
    body = json.dumps({"results": [{"status": status} for status in statuses]}).encode()
    with raw_server(saying(answer(207, body)), tls) as server:
        results = arthur(server.url, tls).send(Batch("m", ["a", "b"], b"[{},{}]"), within_secs=30.0).results
    assert [row.status for row in results] == [
        RowStatus.ACCEPTED if status == 200 else RowStatus.REJECTED for status in statuses
    ]
