"""Replace entries of a quarantine file by their rests, unless another process changed the file."""

from collections.abc import Iterator, Mapping
from contextlib import closing

from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import digest_of, encode_entry, write_lines
from capture_ops.replay.content import Content, NotQuarantine, temporary_file
from capture_ops.replay.files import Changed, QuarantineFiles

_MAX_WRITES = 5

# The rest of an entry, by the digest of its line; `None` if it is empty.
Left = Mapping[bytes, QuarantineEntry | None]


def rewrite(files: QuarantineFiles, name: str, content: Content, left: Left, *, deletes: bool = False) -> str | None:
    """Write the rest of a file, and close `content`. Return the reason if it could not be written.

    If another process changed the file meanwhile, the same entries are replaced in its new content. A file without
    entries stays as an empty file, because a late copy of the request that wrote it could create it again. With
    `deletes` it is deleted.
    """
    try:
        for _ in range(_MAX_WRITES):
            with closing(content):
                if _write(files, name, content, left, deletes=deletes):
                    return None
            found = files.read(name)
            if found is None:
                return None
            content = found
    except (NotQuarantine, Unavailable) as error:
        return f"its file could not be written: {error}"
    content.close()
    return "its file could not be written: another process keeps writing it"


def _write(files: QuarantineFiles, name: str, content: Content, left: Left, *, deletes: bool) -> bool:
    """Write the rest, if an entry is to be replaced; return `False` if another process changed the file."""
    rewriting = _Rewriting(left)
    with temporary_file() as body:
        write_lines(rewriting.lines_of(content), body)
        try:
            if rewriting.changed and deletes and not rewriting.kept:
                files.delete(name, content.etag)
            elif rewriting.changed:
                files.write(name, content.etag, body)
        except Changed:
            return False
    return True


class _Rewriting:
    """The new lines of a file, and whether any is new and any is kept."""

    def __init__(self, left: Left) -> None:
        self.changed = False
        self.kept = False
        self._left = left

    def lines_of(self, content: Content) -> Iterator[bytes]:
        """Yield the new lines, in pieces."""
        for _, line in content.lines():
            digest = digest_of(line)
            if digest not in self._left:
                self.kept = True
                yield line + b"\n"
                continue
            self.changed = True
            if entry := self._left[digest]:
                self.kept = True
                yield from encode_entry(entry)
