"""What no emulator says: S3 on loopback that denies, fails conditions, and sends a caller on to another region.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_REGION = "us-west-2"  # where the bucket `elsewhere` is
_ERROR = "<Error><Code>{}</Code><Message>no</Message><RequestId>1</RequestId></Error>"
_REFUSALS = {"denied": (403, "AccessDenied"), "conditional": (412, "PreconditionFailed")}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer by the bucket, and for `elsewhere` by the region that the request is signed for."""
        bucket = self.path.split("/")[1]
        if bucket in _REFUSALS:
            status, code = _REFUSALS[bucket]
            self._send(status, _ERROR.format(code))
        elif f"/{_REGION}/s3/" in self.headers["Authorization"]:
            self._send(200, "from there", {"Last-Modified": "Fri, 02 Jan 2026 00:00:00 GMT", "ETag": '"1"'})
        else:
            self._send(301, _ERROR.format("PermanentRedirect"))

    def do_PUT(self) -> None:
        """Refuse, after all of the body."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_HEAD(self) -> None:
        """Tell where a bucket is: the one way to learn it, as its redirect does not say."""
        self._send(200, "", {"x-amz-bucket-region": _REGION})

    def _send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def refusing_s3() -> Iterator[str]:
    """Serve it; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
