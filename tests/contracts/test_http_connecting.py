"""Connecting ends in time too: names, addresses, TLS and proxies that do not answer."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from time import monotonic

import pytest

from capture_forwarder.domain.delivery import DestinationUnavailable
from tests.e2e.tls import Certificate
from tests.support.http_client import http_client
from tests.support.peer_server import raw_server
from tests.support.slow_scripts import (
    UNREAD,
    Script,
    drip_body,
    drip_handshake,
    drip_headers,
    read_nothing,
    read_slowly,
    say_nothing,
    serve,
)
from tests.support.tunnel import TunnelProxy, tunnel_proxy

# A request that ends at its limit ends far before this, also on a busy machine.
LATE_SECS = 20.0
BODY = b"[" + b" " * 20_000_000 + b"]"


def test_a_server_that_never_ends_the_tls_handshake(certificate: Certificate) -> None:
    """Neither silence nor single bytes of a handshake hold a request."""
    for script in (read_nothing, drip_handshake):
        with raw_server(script) as server:
            started = monotonic()
            with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
                http_client(server.url.replace("http:", "https:"), certificate).post("/x", b"[]", 0.4)
            assert caught.value.unanswered
            assert monotonic() - started < LATE_SECS


@pytest.mark.parametrize("script", [read_nothing, lambda peer: peer.drip(b"HTTP/1.1 103 x\r\n" + b"x" * 99)])
def test_a_proxy_that_never_opens_the_tunnel(certificate: Certificate, script: Script) -> None:
    """The limit holds before there is a connection to the API."""
    with raw_server(script) as proxy:
        started = monotonic()
        with pytest.raises(
            DestinationUnavailable, match=rf" through the proxy {proxy.url}: no complete answer in time$"
        ):
            http_client("https://api.invalid", certificate, proxy=proxy.url).post("/x", b"[]", 0.4)
        assert monotonic() - started < LATE_SECS


@pytest.fixture(params=["plain proxy", "TLS proxy"])
def proxy(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[TunnelProxy]:
    """Give a proxy that opens tunnels, to be reached without and with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key_path)
    with tunnel_proxy(tls=context if request.param == "TLS proxy" else None) as running:
        yield running


def test_requests_through_a_proxy_are_answered(certificate: Certificate, proxy: TunnelProxy) -> None:
    """Several share a connection."""
    with raw_server(serve, certificate) as server:
        sending = http_client(server.url, certificate, proxy=proxy.url)
        assert [sending.post("/x", BODY[:1_000_000], 60.0).status for _ in range(3)] == [207] * 3
        assert server.connections == 1


@pytest.mark.parametrize("script", [drip_headers, drip_body, read_slowly, say_nothing])
def test_a_slow_server_behind_a_proxy(certificate: Certificate, proxy: TunnelProxy, script: Script) -> None:
    """The same holds for TLS through a tunnel."""
    with raw_server(script, certificate) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
            http_client(server.url, certificate, proxy=proxy.url).post("/x", BODY if script in UNREAD else b"[]", 0.5)
        assert caught.value.unanswered
        assert monotonic() - started < LATE_SECS


def test_tls_that_hangs_behind_a_proxy(certificate: Certificate, proxy: TunnelProxy) -> None:
    """The handshake has the time that the tunnel left."""
    with raw_server(drip_handshake) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            http_client(server.url.replace("http:", "https:"), certificate, proxy=proxy.url).post("/x", b"[]", 0.5)
        assert monotonic() - started < LATE_SECS


def test_an_untrusted_certificate_behind_a_proxy(certificate: Certificate) -> None:
    """The sentence is the same as without a proxy."""
    with tunnel_proxy(tls=None) as running, raw_server(serve, certificate) as server:
        for proxy in (None, running.url):
            with pytest.raises(DestinationUnavailable, match="certificate cannot be verified; trust the authority"):
                http_client(server.url, None, proxy=proxy).post("/x", b"[]", 20.0)


@contextmanager
def unreachable(host: str, port: int) -> Iterator[int]:
    """Let an address answer no attempt to connect, and give its port: its backlog is full."""
    with socket.create_server((host, port), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def test_all_addresses_share_the_time_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer leaves time for the next."""
    real = socket.getaddrinfo
    with raw_server(serve) as server, unreachable("127.0.0.2", int(server.url.rpartition(":")[2])) as port:
        infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *args, **kw: infos if host == "api.test" else real(host, *args, **kw)
        )
        started = monotonic()
        sending = http_client(f"http://api.test:{port}", None, connect_secs=2.0)
        assert sending.post("/x", b"[]", 60.0).status == 207
        assert 0.9 < monotonic() - started < LATE_SECS


def test_an_address_that_never_answers_is_no_connection() -> None:
    """The request was never sent, so that a smaller one would fail too."""
    with unreachable("127.0.0.1", 0) as port:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no connection in time$") as caught:
            http_client(f"http://127.0.0.1:{port}", None, connect_secs=0.3).post("/x", b"[]", 60.0)
        assert not caught.value.unanswered
        assert monotonic() - started < LATE_SECS


@pytest.mark.parametrize("infos", [[], OSError("no such name"), UnicodeError("label too long")])
def test_a_host_without_an_address_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, infos: list[object] | Exception
) -> None:
    """The request was not sent."""

    def look_up(*_: object, **__: object) -> list[object]:
        if isinstance(infos, Exception):
            raise infos
        return infos

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(DestinationUnavailable, match=r": the name of the host has no address; correct") as caught:
        http_client("http://api.test", None).post("/x", b"[]", 60.0)
    assert not caught.value.unanswered


def test_a_resolver_that_hangs_does_not_hold_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread ends when it answers."""
    release = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait() and [])
    started = monotonic()
    with pytest.raises(DestinationUnavailable, match=r": no connection in time$"):
        http_client("http://api.test", None).post("/x", b"[]", 0.3)
    assert monotonic() - started < LATE_SECS
    release.set()
