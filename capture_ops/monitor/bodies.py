"""The bodies of requests to the monitor: decompressed and within the limit, or in pieces."""

import zlib
from collections.abc import Iterator
from typing import IO

from flask import abort, current_app, request

_PIECE_BYTES = 256 * 1024
_GZIP = 31  # zlib: the largest window, in the format of gzip


def decompressed_body() -> bytes:
    """Return the body of the request, decompressed and within the limit."""
    sent = request.get_data(cache=False)
    if request.headers.get("Content-Encoding", "identity") == "identity":
        return sent
    if request.headers["Content-Encoding"] != "gzip":
        abort(415, "the only supported Content-Encoding is gzip")
    max_bytes: int = current_app.config["MAX_CONTENT_LENGTH"]
    inflate = zlib.decompressobj(wbits=_GZIP)
    try:
        body = inflate.decompress(sent, max_bytes + 1)
    except zlib.error:
        abort(400, "the body is not gzip")
    if len(body) > max_bytes:
        abort(413)
    if not inflate.eof:
        abort(400, "the gzip of the body is incomplete")
    return body


def uploaded_chunks() -> Iterator[bytes]:
    """Return the pieces of an uploaded capture file."""
    part = request.files.get("inference_data")
    if part is None:
        abort(400, "the multipart body has no file part named inference_data")
    if not (part.filename or "").endswith(".jsonl"):
        abort(400, "the file name of inference_data must end with .jsonl")
    return _pieces(part.stream)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece
