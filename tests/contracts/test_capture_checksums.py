"""Checksums of objects: wrong bytes are damage, in however many answers they came."""

import base64
import hashlib
import time
from collections.abc import Callable
from math import inf

import pytest

from capture_forwarder.domain.delivery import SourceDamaged
from tests.support.capture_server import (
    CRC,
    DATA,
    Server,
    end_early,
    read,
    reset,
    store_of,
    whole,
)
from tests.support.peer_server import Peer, raw_url


@pytest.mark.parametrize("send", [whole, end_early, reset])
def test_edited_bytes_are_damage(send: Callable[[Peer, bytes, int], None]) -> None:
    """The checksum belongs to other bytes, whether they came in one answer or in several."""

    def edited(peer: Peer, data: bytes, count: int) -> None:
        send(peer, data[:-1] + b"x", count)

    server = Server(edited, x_amz_checksum_crc32=CRC)
    with raw_url(server.serve) as url, pytest.raises(SourceDamaged, match="checksum"):
        list(read(store_of(url)))


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_other_checksums_are_verified_too(algorithm: str) -> None:
    """S3 stores the checksum that the writer chose."""
    right = base64.b64encode(hashlib.new(algorithm, DATA).digest()).decode()
    server = Server(end_early, **{f"x_amz_checksum_{algorithm}": right, "x_amz_checksum_type": "FULL_OBJECT"})
    with raw_url(server.serve) as url:
        assert b"".join(read(store_of(url))) == DATA


def test_the_checksum_of_parts_is_not_compared() -> None:
    """That of a multipart upload is the checksum of the checksums of its parts."""
    server = Server(end_early, x_amz_checksum_crc32=f"{CRC}-3", x_amz_checksum_type="COMPOSITE")
    with raw_url(server.serve) as url:
        assert b"".join(read(store_of(url))) == DATA


def test_a_chunk_that_came_too_late_is_counted_once() -> None:
    """The checksum of the bytes is given up then, because botocore may have counted that chunk."""
    late: list[float] = [inf]

    def send(peer: Peer, data: bytes, count: int) -> None:
        if count == 1:
            peer.send(data[: 256 * 1024])
            time.sleep(0.6)
        peer.send(data[256 * 1024 :] if count == 1 else data)

    server = Server(send, x_amz_checksum_crc32=CRC)
    with raw_url(server.serve) as url:
        chunks = read(store_of(url), left_secs=lambda: late.pop() if len(late) > 1 else late[0])
        received = [next(chunks)]
        late.append(0.2)
        received += chunks
    assert b"".join(received) == DATA
    assert len(server.starts) == 2
