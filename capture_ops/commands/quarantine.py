"""`quarantine`: lists quarantine files, and shows the entries of one. Captured data is printed only if it is asked for.

All text of a file is printed with its control characters escaped.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from capture_forwarder.configuration.names import QUARANTINE_PREFIX, Resources, StackOutput
from capture_forwarder.domain.progress import LineRejection, QuarantineEntry
from capture_ops.cloud.deployed import output
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.replay.content import Content, NotQuarantine, entry_in
from capture_ops.replay.files import Listed
from capture_ops.replay.places import files_at
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.text import printable

_SHOWN_ROWS = 10
_NO_ENTRIES = "No entries: they were replayed, or another run took the object over."

# Prints one line.
Print = Callable[[str], object]


def list_files(target: str | None, config: Path | None, stack: str | None, write: Print, *, as_json: bool) -> None:
    """Print one line for each file at `target`, by default in the quarantine of `stack` or of the environment.

    Raises `SettingsError`, `CommandError`, and `Unavailable` if AWS cannot be reached.
    """
    place = target or _quarantine_of(config, stack)
    files = size_bytes = 0
    for file in files_at(place).listed():
        files += 1
        size_bytes += file.size_bytes
        write(_listed(file, place, as_json=as_json))
    if not as_json:
        write(f"{files} files, {size_bytes:,} bytes at {printable(place)}")


def show_file(target: str, write: Print, *, with_data: bool, as_json: bool) -> None:
    """Print every entry of one file: its captured line, and code and reason of its rejections.

    With `with_data` also the captured line itself, and the inference id of the caller.

    Raises `CommandError` if `target` is not one quarantine file, `Unavailable` if it cannot be read now.
    """
    codes: Counter[str] = Counter()
    with closing(_content(target)) as content:
        for entry in _entries(content, target):
            codes.update(rejection.reason.code for rejection in entry.rejections)
            if as_json:
                write(json.dumps(_fields(entry, with_data=with_data)))  # all but ASCII is escaped
            else:
                for line in _lines(entry, with_data=with_data):
                    write(printable(line))
    if not as_json:
        write(", ".join(f"{code} {count}" for code, count in sorted(codes.items())) or _NO_ENTRIES)


def _quarantine_of(config: Path | None, stack: str | None) -> str:
    bucket = None if stack else Resources.from_environment(os.environ).quarantine_bucket
    if bucket is None:
        bucket = output(stack or settings_of(config).stack.name, StackOutput.QUARANTINE_BUCKET)
    return str(S3Uri(bucket, QUARANTINE_PREFIX))


def _listed(file: Listed, place: str, *, as_json: bool) -> str:
    uri = S3Uri.parse(place)
    address = str(S3Uri(uri.bucket, file.name)) if uri else file.name
    if as_json:
        fields = {"file": address, "size_bytes": file.size_bytes, "modified": file.modified.isoformat()}
        return json.dumps(fields)
    return f"{file.modified:%Y-%m-%d %H:%M}  {file.size_bytes:>11,}  {printable(address)}"


def _content(target: str) -> Content:
    files = files_at(target)
    names = list(islice(files.names(), 2))
    content = files.read(names[0]) if len(names) == 1 else None
    if content is None:
        found = "is not one file" if names else "does not exist"
        raise CommandError(f"{target} {found}; `quarantine list` prints the addresses of all files")
    return content


def _entries(content: Content, target: str) -> Iterator[QuarantineEntry]:
    try:
        for number, line in content.lines():
            yield entry_in(number, line)
    except NotQuarantine as error:
        raise CommandError(f"{target}: {error}; it is not a quarantine file, or another version wrote it") from error


def _lines(entry: QuarantineEntry, *, with_data: bool) -> Iterator[str]:
    """Yield the lines of text about one entry."""
    place = f"line {entry.line} of" if entry.line else "the whole object"
    yield f"{place} {entry.source.uri} (route {entry.route})"
    for rejection in entry.rejections:
        yield f"  {rejection.reason.code}{_rows(rejection, entry.row_count)}: {rejection.reason.why}"
    if with_data:
        yield f"  inference id: {entry.inference_id or 'not known'}"
        yield f"  data: {'not kept' if entry.data is None else _text(entry.data)}"


def _rows(rejection: LineRejection, row_count: int | None) -> str:
    if rejection.rows is None:
        return ""
    shown = ", ".join(map(str, islice(rejection.rows, _SHOWN_ROWS)))
    more = ", ..." if len(rejection.rows) > _SHOWN_ROWS else ""
    return f" {len(rejection.rows)} of {row_count} rows ({shown}{more})"


def _fields(entry: QuarantineEntry, *, with_data: bool) -> dict[str, Any]:
    """Return the entry as an object of `show --json`."""
    fields = {
        "bucket": entry.source.bucket,
        "key": entry.source.key,
        "version_id": entry.source.version_id,
        "etag": entry.source.etag,
        "route": entry.route,
        "line": entry.line,
        "byte_offset": entry.offset,
        "row_count": entry.row_count,
        "rejections": [_rejection(one) for one in entry.rejections],
    }
    if with_data:
        fields |= {"inference_id": entry.inference_id, "data": None if entry.data is None else _text(entry.data)}
    return fields


def _rejection(rejection: LineRejection) -> dict[str, Any]:
    rows = {} if rejection.rows is None else {"rows": list(rejection.rows)}
    return {"code": rejection.reason.code, "why": rejection.reason.why} | rows


def _text(data: bytes) -> str:
    """Return a captured line as text; bytes that are not UTF-8 are escaped."""
    return data.decode("utf-8", "backslashreplace")
