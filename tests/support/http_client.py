"""The HTTP client and Arthur's adapter, against a server of a test."""

from functools import partial
from time import monotonic

from capture_forwarder.destinations.arthur.adapter import ArthurDestination
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.http import HttpClient, Network
from capture_forwarder.domain.batch import Batch, BatchLimits
from tests.e2e.tls import Certificate

GOOD = b'{"results":[{"status":200}]}'
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"


class Tokens:
    """Gives a new token after each refresh, and keeps the time that it was given."""

    def __init__(self) -> None:
        self.within_secs: list[float] = []

    def __call__(self, *, within_secs: float, refresh: bool = False) -> str:
        """Return the token."""
        self.within_secs.append(within_secs)
        return f"t{refresh}"


def http_client(
    url: str,
    certificate: Certificate | None,
    *,
    connect_secs: float = 60.0,
    read_secs: float = 60.0,
    token: Tokens | None = None,
    proxy: str | None = None,
) -> HttpClient[str]:
    """Return a client for `url`."""
    return HttpClient(
        url,
        token=token or Tokens(),
        headers=partial(headers, organization_id=None),
        timeouts_secs=(connect_secs, read_secs),
        compressed=False,
        max_connections=2,
        network=Network(ca_bundle=str(certificate.path) if certificate else None, proxy=proxy),
    )


def arthur(url: str, certificate: Certificate | None, read_secs: float = 20.0) -> ArthurDestination:
    """Return Arthur at `url`."""
    client = http_client(url, certificate, connect_secs=20.0, read_secs=read_secs)
    return ArthurDestination(client, BatchLimits(), monotonic)


def batch(body: bytes = b"[{}]") -> Batch:
    """Return a batch of one row."""
    return Batch("m", ["id"], body)
