"""Proxies and certificates, from the environment and from the configuration."""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from capture_forwarder.bootstrap import target
from capture_forwarder.destinations.arthur.settings import ArthurSettings
from capture_forwarder.destinations.arthur_platform.models import headers
from capture_forwarder.destinations.http import HttpClient, Network
from capture_forwarder.domain.batch import Batch
from capture_forwarder.domain.delivery import ACCEPTED, DestinationDenied, DestinationUnavailable
from tests.support.tunnel import TunnelProxy, tunnel_proxy

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


class Recorder(BaseHTTPRequestHandler):
    """Keeps every request line. Answers a request with 200, and a tunnel with 502."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the body and answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def do_CONNECT(self) -> None:
        """Refuse the tunnel. The test needs only its request."""
        self._answer(502)

    def _answer(self, status: int) -> None:
        self.server.lines.append(self.requestline)
        self.send_response(status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """A recorder on a free port of loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Recorder)
        self.lines: list[str] = []
        self.body = b""


def running(server: Server) -> Iterator[Server]:
    """Serve until the end of the test."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy() -> Iterator[Server]:
    """Give a proxy that keeps the request lines."""
    yield from running(Server())


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without variables for proxies and certificates."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def api(certificate: Path) -> Iterator[tuple[str, Server]]:
    """Serve HTTPS under the certificate."""
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    for up in running(server):
        yield f"https://127.0.0.1:{up.server_port}", up


@pytest.fixture
def tunnel() -> Iterator[TunnelProxy]:
    """Give a proxy that opens tunnels."""
    with tunnel_proxy() as proxy:
        yield proxy


def client(url: str, ca_bundle: Path | None = None, proxy: str | None = None, secs: float = 5.0) -> HttpClient[str]:
    """Return a client for `url`."""

    def token(*, within_secs: float, refresh: bool = False) -> str:
        del within_secs, refresh
        return "t"

    return HttpClient(
        url,
        token=token,
        headers=partial(headers, organization_id=None),
        timeouts_secs=(secs, secs),
        compressed=False,
        max_connections=1,
        network=Network(ca_bundle=str(ca_bundle) if ca_bundle else None, proxy=proxy),
    )


def test_a_destinations_own_ca_bundle_is_trusted(api: tuple[str, Server], certificate: Path) -> None:
    """A private authority needs one option only."""
    assert client(api[0], certificate).post("/x", b"[]").status == 200


def test_a_destinations_ca_bundle_wins_over_the_environments(
    api: tuple[str, Server], certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE applies only without the option."""
    nothing = tmp_path / "nothing.pem"
    nothing.write_bytes(b"")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(nothing))
    assert client(api[0], certificate).post("/x", b"[]").status == 200


def test_the_environments_ca_bundle_is_trusted(
    api: tuple[str, Server], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the option, a destination is verified with REQUESTS_CA_BUNDLE."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert client(api[0]).post("/x", b"[]").status == 200


def test_an_unknown_certificate_is_never_accepted(api: tuple[str, Server]) -> None:
    """Certificates are verified on loopback too, and no row is sent."""
    with pytest.raises(DestinationUnavailable, match="certificate cannot be verified; trust the authority"):
        client(api[0]).post("/x", b"[]")
    assert api[1].lines == []


def test_a_ca_bundle_that_cannot_be_used_is_a_denial(api: tuple[str, Server], tmp_path: Path) -> None:
    """A person must put the file there. The sentence has its path and the remedy, and no row is sent."""
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("no certificate", encoding="utf-8")
    with pytest.raises(DestinationDenied) as caught:
        client(api[0], missing).post("/x", b"[]")
    assert str(caught.value) == (
        f"ca_bundle: {missing} cannot be read (No such file or directory); put the file there, or write another path, "
        "relative to forwarder.toml"
    )
    with pytest.raises(DestinationDenied, match=rf"^ca_bundle: {empty} holds no PEM certificate; write the path of"):
        client(api[0], empty).post("/x", b"[]")
    assert api[1].lines == []


def test_a_proxy_of_the_environment_is_used(proxy: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain requests go through HTTP_PROXY; TLS uses a tunnel of HTTPS_PROXY."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    assert client("http://api.invalid").post("/x", b"[]").status == 200
    with pytest.raises(DestinationUnavailable, match=r": the proxy answers 502$"):
        client("https://api.invalid").post("/x", b"[]")
    requests = [line.rpartition(" ")[0] for line in proxy.lines]
    assert requests == ["POST http://api.invalid/x", "CONNECT api.invalid:443"]


def test_hosts_of_no_proxy_are_reached_directly(
    api: tuple[str, Server], certificate: Path, proxy: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees none of these requests."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert client(api[0], certificate).post("/x", b"[]").status == 200
    assert proxy.lines == []


def test_the_proxy_of_a_destination_wins_over_the_environments(
    api: tuple[str, Server], certificate: Path, proxy: Server, tunnel: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens a tunnel, and TLS goes through it. The variables apply only without the option."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert client(api[0], certificate, tunnel.url).post("/x", b"[]").status == 200
    assert tunnel.lines == [f"CONNECT {api[0].removeprefix('https://')}"]
    assert (api[1].lines, proxy.lines) == (["POST /x HTTP/1.1"], [])


def test_no_client_of_aws_uses_the_proxy_of_a_destination(
    aws: str, api: tuple[str, Server], certificate: Path, tunnel: TunnelProxy
) -> None:
    """The token is read from Secrets Manager directly."""
    del aws
    secret = f"behind-a-proxy-{uuid4().hex}"
    boto3.client("secretsmanager").create_secret(Name=secret, SecretString="t")
    api[1].body = json.dumps({"results": [{"status": 200}]}).encode()
    settings = ArthurSettings(
        name="arthur",
        url=api[0],
        secret=f"secretsmanager:{secret}",
        ca_bundle=str(certificate),
        proxy=tunnel.url,
    )
    sending = target(settings)
    receipt = sending.destination.send(Batch("m", ["id"], b"[{}]"), within_secs=9.0)
    sending.workers.abandon()
    assert receipt.results == [ACCEPTED]
    assert tunnel.lines == [f"CONNECT {api[0].removeprefix('https://')}"]


@pytest.mark.parametrize(
    "proxy", ["http://user:pass#word@{}", "http://user:pass/word@{}", "http://user:pass?word@{}", "user:pass@word@{}"]
)
def test_no_part_of_a_password_of_the_environments_proxy_is_shown(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Such a URL is wrong, and the error only names the proxy."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.format("127.0.0.1:9"))
    with pytest.raises(DestinationUnavailable) as caught:
        client("https://api.invalid/path").post("/x", b"[]")
    assert "127.0.0.1:9: " in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("pass", "word", "user"))


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_the_function_is_a_denial(status: int) -> None:
    """A person must change the proxy. The sentence names both hosts and the status, and no path."""
    with tunnel_proxy(status) as refusing, pytest.raises(DestinationDenied) as caught:
        client("https://api.invalid/path", None, refusing.url).post("/x", b"[]")
    assert str(caught.value) == (
        f"https://api.invalid through the proxy {refusing.url}: the proxy answers {status}; "
        "let it admit the function without a password, or name another"
    )


def test_a_proxy_that_cannot_reach_the_api_is_a_temporary_failure() -> None:
    """Its status is in the sentence."""
    with tunnel_proxy(502) as failing, pytest.raises(DestinationUnavailable) as caught:
        client("https://api.invalid", None, failing.url).post("/x", b"[]")
    assert str(caught.value) == f"https://api.invalid through the proxy {failing.url}: the proxy answers 502"
    assert not isinstance(caught.value, DestinationDenied)


def test_a_proxy_that_does_not_answer_is_a_temporary_failure() -> None:
    """Neither a closed port nor silence makes an object wait for ever; the sentence names the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port, why in (
            (9, "the connection was refused; check that a server runs there, and the port"),
            (silent.getsockname()[1], "no complete answer in time"),
        ):
            with pytest.raises(DestinationUnavailable) as caught:
                client("https://api.invalid", None, f"http://127.0.0.1:{port}", secs=0.2).post("/x", b"[]")
            assert str(caught.value) == f"https://api.invalid through the proxy http://127.0.0.1:{port}: {why}"


def test_a_password_of_the_environments_proxy_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors name its scheme, host and port."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:pass-word@127.0.0.1:9")
    with pytest.raises(
        DestinationUnavailable,
        match=r"^https://api.invalid through the proxy http://127.0.0.1:9: the connection was refused",
    ):
        client("https://api.invalid").post("/x", b"[]")
