"""A server on loopback that does with each connection what a test says, byte by byte, plain or with TLS."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

from tests.e2e.tls import Certificate

_LONGEST_WAIT_SECS = 60


class Peer:
    """One connection, from the side of the server; `number` counts connections from 0.

    `body` is that of the last request.
    """

    def __init__(self, connection: socket.socket, number: int, stopped: Event) -> None:
        self.number = number
        self.connection = connection
        self.body = b""
        self._stopped = stopped
        self._received = bytearray()

    def request(self) -> bytes:
        """Read a whole request and return its head; empty if the client closed the connection."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return b""
        lines = bytes(self._received.partition(b"\r\n\r\n")[0])
        length = next(
            (int(line[15:]) for line in lines.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        end = len(lines) + 4 + length
        while len(self._received) < end:
            if not self._receive():
                return b""
        self.body = bytes(self._received[len(lines) + 4 : end])
        del self._received[:end]
        return lines

    def send(self, data: bytes) -> None:
        """Send `data`."""
        self.connection.sendall(data)

    def answer(self, status: str, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; an underscore in the name of a header stands for a hyphen."""
        self.send(head(status, len(body), **headers) + body)

    def close(self) -> None:
        """Close the connection in order."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def drip(self, data: bytes, every_secs: float = 0.05) -> None:
        """Send a byte at a time, without end: at the end it begins anew."""
        while not self._stopped.is_set():
            for place in range(len(data)):
                self.send(data[place : place + 1])
                self.pause(every_secs)

    def pause(self, secs: float) -> None:
        """Wait, but not longer than the server runs."""
        self._stopped.wait(secs)

    def hang(self) -> None:
        """Do nothing until the server stops."""
        self._stopped.wait()

    def wait_for_close(self) -> None:
        """Send nothing more until the client closes the connection, or the server stops."""
        self.connection.settimeout(0.05)
        for _ in range(_LONGEST_WAIT_SECS * 20):
            with suppress(TimeoutError):
                if not self._receive():
                    return
            if self._stopped.is_set():
                return

    def _receive(self) -> bool:
        data = self.connection.recv(65_536)
        self._received += data
        return bool(data)


class RawServer:
    """Serves until it is stopped. `ended` is set each time a connection's script has ended or failed."""

    def __init__(self, script: Callable[[Peer], object], certificate: Certificate | None) -> None:
        self.connections = 0
        self.errors: list[type[Exception]] = []
        self.ended = Event()
        self._script = script
        self._scheme = "https" if certificate else "http"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._context and certificate:
            self._context.load_cert_chain(certificate.path, certificate.key_path)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = Event()
        self._open: list[socket.socket] = []
        self._lock = Lock()
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def pause(self, secs: float) -> None:
        """Wait, but not longer than the server runs."""
        self._stopped.wait(secs)

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(connection)
                thread = Thread(target=self._serve, args=(connection, self.connections))
                self._threads.append(thread)
                self.connections += 1
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            wrapped = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with self._lock:
                self._open.append(wrapped)
            with wrapped:
                self._script(Peer(wrapped, number, self._stopped))
        except OSError as error:
            self.errors.append(type(error))
        finally:
            connection.close()
            self.ended.set()


@contextmanager
def raw_server(script: Callable[[Peer], object], certificate: Certificate | None = None) -> Iterator[RawServer]:
    """Serve until the block ends."""
    server = RawServer(script, certificate)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def raw_url(script: Callable[[Peer], object], certificate: Certificate | None = None) -> Iterator[str]:
    """Serve until the block ends, and give the address alone."""
    with raw_server(script, certificate) as server:
        yield server.url


def head(status: str, length: int | None, **headers: str) -> bytes:
    """Return the head of an answer; without `length` it names none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = named | ({} if length is None else {"Content-Length": str(length)})
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{text}\r\n".encode()


def answer(status: int = 207, body: bytes = b"[]", *headers: str) -> bytes:
    """Return an answer with its length, and with more `headers`."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def saying(*answers: bytes) -> Callable[[Peer], None]:
    """Return a script that sends `answers` after each request, and closes the connection after a while."""

    def script(peer: Peer) -> None:
        while peer.request():
            for one in answers:
                peer.send(one)
            peer.pause(0.1)
            return

    return script
