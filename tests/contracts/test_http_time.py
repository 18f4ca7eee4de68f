"""Requests that would never end: each ends in time, as an unanswered request, and its connection is closed."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event, Thread
from time import monotonic

import pytest

from capture_forwarder.destinations.arthur.adapter import headers
from capture_forwarder.destinations.http import HttpClient, Network
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from tests.e2e.tls import Certificate, write_certificate
from tests.support.raw_server import Peer, answer, raw_server
from tests.support.tunnel import TunnelProxy, tunnel_proxy

# A request that ends at its limit ends far before this, also on a busy machine.
LATE_SECS = 20.0
BODY = b"[" + b" " * 20_000_000 + b"]"
Script = Callable[[Peer], object]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Write a certificate for this module."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, certificate: Certificate) -> Certificate | None:
    """Give a certificate, or none for plain connections."""
    return certificate if request.param == "tls" else None


class Tokens:
    """Gives a new token after each refresh, and takes `secs` for it."""

    def __init__(self) -> None:
        self.within_secs: list[float] = []

    def __call__(self, *, within_secs: float, refresh: bool = False) -> str:
        """Return the token."""
        self.within_secs.append(within_secs)
        return f"t{refresh}"


def client(
    url: str,
    certificate: Certificate | None,
    *,
    connect_secs: float = 60.0,
    read_secs: float = 60.0,
    token: Tokens | None = None,
    proxy: str | None = None,
) -> HttpClient:
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


def serve(peer: Peer) -> None:
    """Answer every request."""
    while peer.request():
        peer.send(answer())


def drip_headers(peer: Peer) -> None:
    """Send a header without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\n")
    peer.drip(b"X-Header: 1\r\n" + b"X" * 1000)


def drip_many_informational(peer: Peer) -> None:
    """Send a slow informational answer."""
    peer.request()
    peer.drip(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n")


def drip_body(peer: Peer) -> None:
    """Send a body without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 10000000\r\n\r\n")
    peer.drip(b" ")


def drip_chunks(peer: Peer) -> None:
    """Send chunks without end."""
    peer.request()
    peer.send(b"HTTP/1.1 207 Multi-Status\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\n \r\n")


def drip_until_close(peer: Peer) -> None:
    """Send a body without length."""
    peer.request()
    peer.send(b"HTTP/1.0 200 OK\r\n\r\n")
    peer.drip(b" ")


def drip_body_of_a_refusal(peer: Peer) -> None:
    """Send a 400 whose body has no end."""
    peer.request()
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 10000000\r\n\r\n")
    peer.drip(b" ")


def say_nothing(peer: Peer) -> None:
    """Read the request, and hang."""
    peer.request()
    peer.hang()


def read_nothing(peer: Peer) -> None:
    """Let the request wait in the buffers."""
    peer.hang()


def drip_handshake(peer: Peer) -> None:
    """Begin a record of TLS that has no end."""
    peer.send(b"\x16\x03\x03\x40\x00")
    peer.drip(b"\x02")


def read_slowly(peer: Peer) -> None:
    """Read so slowly that each single write succeeds in time."""
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(10_000):
        if not peer.connection.recv(4096):
            return
        peer.pause(0.02)


UNREAD = (read_nothing, read_slowly)
SLOW = [
    *[drip_headers, drip_many_informational, drip_body, drip_chunks, drip_until_close, drip_body_of_a_refusal],
    *[say_nothing, read_nothing, read_slowly],
]


@pytest.mark.parametrize("limit", ["within_secs", "timeouts"])
@pytest.mark.parametrize("script", SLOW, ids=[script.__name__ for script in SLOW])
def test_a_slow_server_does_not_hold_a_request(tls: Certificate | None, script: Script, limit: str) -> None:
    """It ends at its limit in total, however often a byte comes, and the server sees that the connection is closed."""
    with raw_server(script, tls) as server:
        secs = 0.3 if limit == "timeouts" else 60.0
        sending = client(server.url, tls, connect_secs=secs, read_secs=secs)
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
            sending.post("/x", BODY if script in UNREAD else b"[]", 0.4 if limit == "within_secs" else 60.0)
        assert 0.25 < monotonic() - started < LATE_SECS
        assert caught.value.unanswered
        assert not isinstance(caught.value, DestinationDenied)
        if script not in (say_nothing, *UNREAD):  # these do not come to the end of the connection
            assert server.ended.wait(LATE_SECS)


def test_a_get_ends_in_time_too(tls: Certificate | None) -> None:
    """A schema that never comes is an unanswered request."""
    with raw_server(drip_body, tls) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            client(server.url, tls).get("/x", 0.3)
        assert monotonic() - started < LATE_SECS


def test_the_answer_has_its_time_after_the_request_was_sent(tls: Certificate | None) -> None:
    """`read_timeout_secs` counts from the end of sending: a server that reads slowly and answers at once is in time."""

    def read_for_a_while(peer: Peer) -> None:
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        peer.pause(1.5)
        peer.request()
        peer.send(answer())

    with raw_server(read_for_a_while, tls) as server:
        assert client(server.url, tls, connect_secs=20.0, read_secs=1.0).post("/x", BODY, 60.0).status == 207


def test_a_server_that_never_ends_the_tls_handshake(certificate: Certificate) -> None:
    """Neither silence nor single bytes of a handshake hold a request."""
    for script in (read_nothing, drip_handshake):
        with raw_server(script) as server:
            started = monotonic()
            with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
                client(server.url.replace("http:", "https:"), certificate).post("/x", b"[]", 0.4)
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
            client("https://api.invalid", certificate, proxy=proxy.url).post("/x", b"[]", 0.4)
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
        sending = client(server.url, certificate, proxy=proxy.url)
        assert [sending.post("/x", BODY[:1_000_000], 60.0).status for _ in range(3)] == [207] * 3
        assert server.connections == 1


@pytest.mark.parametrize("script", [drip_headers, drip_body, read_slowly, say_nothing])
def test_a_slow_server_behind_a_proxy(certificate: Certificate, proxy: TunnelProxy, script: Script) -> None:
    """The same holds for TLS through a tunnel."""
    with raw_server(script, certificate) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$") as caught:
            client(server.url, certificate, proxy=proxy.url).post("/x", BODY if script in UNREAD else b"[]", 0.5)
        assert caught.value.unanswered
        assert monotonic() - started < LATE_SECS


def test_tls_that_hangs_behind_a_proxy(certificate: Certificate, proxy: TunnelProxy) -> None:
    """The handshake has the time that the tunnel left."""
    with raw_server(drip_handshake) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            client(server.url.replace("http:", "https:"), certificate, proxy=proxy.url).post("/x", b"[]", 0.5)
        assert monotonic() - started < LATE_SECS


def test_no_time_left_sends_nothing(tls: Certificate | None) -> None:
    """The server sees no connection."""
    with raw_server(say_nothing, tls) as server:
        for within_secs in (0.0, -1.0):
            with pytest.raises(DestinationUnavailable, match=r": no connection in time$") as caught:
                client(server.url, tls).post("/x", b"[]", within_secs)
            assert not caught.value.unanswered
        assert server.connections == 0


def test_the_repeat_after_a_401_has_the_time_that_is_left(tls: Certificate | None) -> None:
    """So has the token that is read for it."""

    def refuse_then_hang(peer: Peer) -> None:
        peer.request()
        peer.pause(0.3)
        peer.send(answer(401))
        peer.request()
        peer.hang()

    tokens = Tokens()
    with raw_server(refuse_then_hang, tls) as server:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no complete answer in time$"):
            client(server.url, tls, token=tokens).post("/x", b"[]", 0.8)
        assert monotonic() - started < LATE_SECS
    assert tokens.within_secs[0] <= 0.8
    assert 0 < tokens.within_secs[1] <= 0.5


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
        sending = client(f"http://api.test:{port}", None, connect_secs=2.0)
        assert sending.post("/x", b"[]", 60.0).status == 207
        assert 0.9 < monotonic() - started < LATE_SECS


def test_an_address_that_never_answers_is_no_connection() -> None:
    """The request was never sent, so that a smaller one would fail too."""
    with unreachable("127.0.0.1", 0) as port:
        started = monotonic()
        with pytest.raises(DestinationUnavailable, match=r": no connection in time$") as caught:
            client(f"http://127.0.0.1:{port}", None, connect_secs=0.3).post("/x", b"[]", 60.0)
        assert not caught.value.unanswered
        assert monotonic() - started < LATE_SECS


@pytest.mark.parametrize("infos", [[], OSError("no such name"), UnicodeError("label too long")])
def test_a_host_without_an_address_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, infos: list[object] | Exception
) -> None:
    """Nothing was sent."""

    def look_up(*_: object, **__: object) -> list[object]:
        if isinstance(infos, Exception):
            raise infos
        return infos

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(DestinationUnavailable, match=r": ConnectionError$") as caught:
        client("http://api.test", None).post("/x", b"[]", 60.0)
    assert not caught.value.unanswered


def test_a_resolver_that_hangs_does_not_hold_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread ends when it answers."""
    release = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait() and [])
    started = monotonic()
    with pytest.raises(DestinationUnavailable, match=r": no connection in time$"):
        client("http://api.test", None).post("/x", b"[]", 0.3)
    assert monotonic() - started < LATE_SECS
    release.set()


def test_many_threads_have_their_own_time(tls: Certificate | None) -> None:
    """A request that is slow ends at its own limit, and one beside it has its answer."""
    statuses: list[int] = []

    def first_hangs(peer: Peer) -> None:
        if b"/slow" in peer.request():
            peer.hang()
        peer.send(answer())

    with raw_server(first_hangs, tls) as server:
        sending = client(server.url, tls)
        quick = Thread(target=lambda: statuses.append(sending.post("/quick", b"[]", 60.0).status))
        quick.start()
        with pytest.raises(DestinationUnavailable):
            sending.post("/slow", b"[]", 0.4)
        quick.join()
    assert statuses == [207]
