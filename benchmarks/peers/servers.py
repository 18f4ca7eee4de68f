"""The stand-ins for S3 and the receiver, with the calls that only peers make.

`python -m benchmarks.peers.servers s3 OBJECTS` also answers HeadObject; OBJECTS is that of `benchmarks.s3_stand_in`.
`python -m benchmarks.peers.servers receiver` accepts every request, by POST or PUT, and counts captures in any format.
"""

import gzip
import json
import sys
from functools import partial
from pathlib import Path

from benchmarks.receiver import Received, ReceiverHandler
from benchmarks.s3_stand_in import Repeated, S3Handler
from benchmarks.serve import serve

# It stands once in every capture, and its quotes may be escaped.
_CAPTURE = b"eventMetadata"


class _S3(S3Handler):
    """Answers HeadObject too."""

    def do_HEAD(self) -> None:  # noqa: N802 - the base class's naming
        """Answer with the size of an object."""
        parts = self.path.split("/")
        found = self._objects[parts[3]]
        self.send_response(200)
        self.send_header("Content-Length", str(found.size))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", f'"{parts[3]}"')
        self.end_headers()


class _Receiver(ReceiverHandler):
    """Accepts every request."""

    def do_POST(self) -> None:  # noqa: N802 - the base class's naming
        """Count the captures of a request and accept it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        self._received.add(plain.count(_CAPTURE), len(body))
        self.answer(202, b"{}")

    do_PUT = do_POST  # noqa: N815 - the base class's naming


def main(kind: str, objects: str = "{}") -> None:
    """Serve S3 or the receiver."""
    if kind == "s3":
        loaded = {name: Repeated(Path(path).read_bytes(), 1) for name, path in json.loads(objects).items()}
        serve(partial(_S3, loaded, 0.0))  # type: ignore[arg-type]  # called like a class
    else:
        serve(partial(_Receiver, Received(), 0.0, 200))  # type: ignore[arg-type]  # called like a class


if __name__ == "__main__":
    main(*sys.argv[1:])
