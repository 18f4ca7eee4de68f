"""A server on loopback that answers byte by byte as a test says, so that it can break every rule of HTTP."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

_LONGEST_WAIT_SECS = 60


class Connection:
    """One connection of a client. Requests are read from it one after the other; `body` is that of the last."""

    def __init__(self, sock: socket.socket, stopped: Event) -> None:
        self.body = b""
        self._sock = sock
        self._stopped = stopped

    def request(self) -> bytes | None:
        """Return the head of the next request, or `None` if the client closed the connection.

        Reads the body, too, if the head tells its length.
        """
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self._sock.recv(65_536)
            if not piece:
                return None
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        length = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while length and len(body) < int(length[0]):
            body += self._sock.recv(65_536)
        self.body = body
        return head

    def send(self, data: bytes) -> None:
        """Send `data`."""
        self._sock.sendall(data)

    def answer(self, status: str, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; an underscore in the name of a header stands for a hyphen."""
        self.send(head(status, len(body), **headers) + body)

    def close(self) -> None:
        """Close the connection in order."""
        self._sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close the connection with a reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def hang(self) -> None:
        """Send nothing more until the client closes the connection or the test ends."""
        self._sock.settimeout(0.05)
        for _ in range(_LONGEST_WAIT_SECS * 20):
            with suppress(TimeoutError):
                if not self._sock.recv(65_536):
                    return
            if self._stopped.is_set():
                return

    def drip(self, data: bytes, pause_secs: float = 0.05) -> None:
        """Send `data` byte by byte, with a pause after each."""
        for byte in data:
            self.send(bytes([byte]))
            if self._stopped.wait(pause_secs):
                return


def head(status: str, length: int | None, **headers: str) -> bytes:
    """Return the head of an answer; without `length` it names none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = named | ({} if length is None else {"Content-Length": str(length)})
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{text}\r\n".encode()


@contextmanager
def raw_server(serve: Callable[[Connection], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run `serve` for each connection, in a thread; give the server's URL. The connection is closed at its end."""
    stopped = Event()
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[Thread] = []
    socks: list[socket.socket] = []

    def run(sock: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(sock, server_side=True) if tls else sock as secured:
            socks.append(secured)
            serve(Connection(secured, stopped))

    def accept() -> None:
        with suppress(OSError):
            while not stopped.is_set():
                sock, _ = listener.accept()
                threads.append(Thread(target=run, args=(sock,), daemon=True))
                threads[-1].start()

    accepting = Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(_LONGEST_WAIT_SECS)
        for sock in socks:  # a client keeps its connection for its next request
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_LONGEST_WAIT_SECS)
