"""A server that sends one object as S3 does, whole or broken, and a store that reads it."""

import base64
import time
import zlib
from collections.abc import Callable, Iterator
from math import inf

from botocore.config import Config

from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.ports import OpenObject
from tests.support.peer_server import Peer, head

SOURCE = CaptureObject("captures", "a.jsonl", etag="e1")
DATA = bytes(range(256)) * 4096  # 1 MiB: several chunks
ETAG = '"e1"'
MODIFIED = "Thu, 01 Jan 1970 00:00:00 GMT"
# One attempt a call, so that a test counts what the store does.
ONE_ATTEMPT = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))


class Server:
    """Answers GetObject for `DATA`; `send` sends the body of each answer. It records ranges and headers."""

    def __init__(self, send: Callable[[Peer, bytes, int], None], **headers: str) -> None:
        self._send = send
        self._headers = {"ETag": ETAG, "Last_Modified": MODIFIED} | headers
        self.starts: list[int] = []
        self.requests: list[dict[str, str]] = []

    def serve(self, peer: Peer) -> None:
        """Serve a connection."""
        while request := peer.request():
            lines = [line.partition(": ") for line in request.decode().split("\r\n")[1:]]
            self.requests.append({name.lower(): value for name, _, value in lines})
            asked = self.requests[-1].get("range")
            start = int(asked[6:-1]) if asked else 0
            self.starts.append(start)
            status, ranges = (
                ("206 Partial Content", {"Content_Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"})
                if asked
                else ("200 OK", {})
            )
            whole = {} if not asked else {"x_amz_checksum_crc32": ""}
            headers = {name: value for name, value in (self._headers | ranges).items() if name not in whole}
            peer.send(head(status, len(DATA) - start, **headers))
            self._send(peer, DATA[start:], len(self.starts))


def store_of(url: str, config: Config = ONE_ATTEMPT, pauses: list[float] | None = None) -> S3ObjectStore:
    """Return a store on the server at `url`; it does not wait between tries."""
    client = aws_session().client("s3", endpoint_url=url, config=config)
    return S3ObjectStore(client, sleep=(pauses if pauses is not None else []).append)


def read(
    store: S3ObjectStore, start: int = 0, left_secs: Callable[[], float] = lambda: inf, source: CaptureObject = SOURCE
) -> Iterator[bytes]:
    """Yield the chunks of the object."""
    found = store.open(source, start, left_secs)
    assert isinstance(found, OpenObject)
    yield from found.chunks


def whole(peer: Peer, data: bytes, _: int) -> None:
    """Send everything."""
    peer.send(data)


def end_early(peer: Peer, data: bytes, _: int) -> None:
    """Close the connection in order, before the end, as S3 does with a slow reader."""
    peer.send(data[:300_000])
    if len(data) > 300_000:
        peer.close()


def reset(peer: Peer, data: bytes, _: int) -> None:
    """Reset the connection before the end."""
    peer.send(data[:300_000])
    if len(data) > 300_000:
        time.sleep(0.1)
        peer.reset()


def reset_soon(peer: Peer, data: bytes, _: int) -> None:
    """Reset the connection after fewer bytes than a chunk has."""
    peer.send(data[:100_000])
    if len(data) > 100_000:
        time.sleep(0.05)
        peer.reset()


CRC = base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()
