"""Quarantine entries, also one rejection at a time: most tests ask about one row or line."""

from collections.abc import Iterable, Iterator
from typing import IO, Any

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.inference import PartnerInferenceId
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import decode_entry, read_lines


class Rejected(Struct, frozen=True):
    """One rejected row, or one line that is rejected as a whole (`index` is `None`)."""

    source: CaptureObject
    route: str
    code: RejectionCode
    why: str
    line: int
    offset: int
    index: int | None
    partner_inference_id: str | None
    data: bytes | None


def decode_entries(file: IO[bytes]) -> Iterator[QuarantineEntry]:
    """Yield the entries of a gzip file one by one.

    Raises `ValueError` for a line that is no entry, and the errors of `gzip` for a file that is not whole gzip.
    """
    yield from (decode_entry(line) for _, line in read_lines(file))


def one_by_one(entries: Iterable[QuarantineEntry]) -> list[Rejected]:
    """Return every rejection of `entries`; those of one line in the order of its rows."""
    return [one for entry in entries for one in sorted(_of_entry(entry), key=lambda one: one.index or 0)]


def _of_entry(entry: QuarantineEntry) -> Iterator[Rejected]:
    for rejection in entry.rejections:
        for index in (None,) if rejection.rows is None else rejection.rows:
            row_id = _row_id(entry.inference_id, index, entry.row_count)
            reason = rejection.reason
            yield Rejected(
                entry.source, entry.route, reason.code, reason.why, entry.line, entry.offset, index, row_id, entry.data
            )


def documents_one_by_one(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every rejection of the documents of a quarantine file, with the fields of its document."""
    return [
        {name: value for name, value in document.items() if name != "rejections"}
        | rejection
        | {
            "row_index": index,
            "partner_inference_id": _row_id(document["inference_id"], index, document["row_count"]),
        }
        for document in documents
        for rejection in document["rejections"]
        for index in rejection.get("rows", [None])
    ]


def _row_id(inference_id: str | None, index: int | None, row_count: int | None) -> str | None:
    if inference_id is None or index is None or row_count is None:
        return None
    return PartnerInferenceId.for_row(inference_id, index, row_count)
