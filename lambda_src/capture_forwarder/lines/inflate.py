"""Gzip inflated piece by piece by isal, which takes less than half the time of zlib and has the same interface."""

from collections.abc import Iterable, Iterator

MAGIC = b"\x1f\x8b"
# The code for gzip: its largest window, and header and checksum are checked.
_GZIP = 31
_PIECE_BYTES = 256 * 1024


class Damaged(Exception):
    """The stream is not gzip, or it ends early."""


def inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the uncompressed bytes of all members; there may be zeros between members. Raises `Damaged`.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.2
    """
    from isal import isal_zlib  # noqa: PLC0415 - only where it is used, because that takes time at a cold start

    member = None
    for chunk in chunks:
        rest, more = chunk, False
        while rest or more:
            if member is None:
                rest = rest.lstrip(b"\0")
                member = isal_zlib.decompressobj(_GZIP) if rest else None
                continue
            try:
                piece = member.decompress(rest, _PIECE_BYTES)
            except isal_zlib.error as error:  # type: ignore[misc]  # a class, which its stub does not say
                raise Damaged from error
            yield piece
            rest, more = member.unconsumed_tail, len(piece) == _PIECE_BYTES
            if member.eof:
                rest, more, member = member.unused_data, False, None
    if member:
        raise Damaged
