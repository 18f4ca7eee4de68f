"""A second implementation of the rules for capture files: envelopes here, payloads in `tests.reference`.

It is written from the rules alone, so that it shares no mistake with the project, and imports nothing of it.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.reference.model import Options, Refused, Rejected, Row, Side, SideOptions
from tests.reference.reading import read


def reference(source: Path | bytes, *, csv_header: bool = False) -> list[dict[str, Any]]:
    """Return the output of `inspect --json` without `why`; with `csv_header` all CSV begins with names."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    found: list[dict[str, Any]] = []
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            found += [{**part, "line": number} for part in parts_of(line, header=csv_header)]
        except Rejected as no:
            found.append({"kind": "rejection", "code": no.code, "line": number})
    return found


def parts_of(line: bytes, *, header: bool) -> list[dict[str, Any]]:
    if not line.strip():
        return [{"kind": "skipped", "reason": "blank_line"}]
    try:
        record = json.loads(line)
    except ValueError:
        raise Rejected("line_not_json") from None
    if "groundTruthData" in record:
        return [{"kind": "skipped", "reason": "merged" if "captureData" in record else "ground_truth"}]
    try:
        call, sides = record["eventMetadata"], record["captureData"]
        partner_id, _ = call.get("inferenceId") or call["eventId"], datetime.fromisoformat(call["inferenceTime"])
    except (KeyError, ValueError):
        raise Rejected("not_a_capture") from None
    if call.get("invocationSource") == "ShadowExperiment":
        return [{"kind": "skipped", "reason": "shadow"}]
    names = SideOptions(header=True if header else None)
    rows = read(side_of(sides, "endpointInput"), side_of(sides, "endpointOutput"), Options(names, names))
    if isinstance(rows, Rejected):
        raise rows
    ids = [f"{partner_id}_{index}" if len(rows) > 1 else partner_id for index in range(len(rows))]
    return [
        row_part(row)
        | {"partner_inference_id": row_id, "index": index}
        | ({"inference_timestamp": call["inferenceTime"]} if isinstance(row, tuple) else {})
        for index, (row_id, row) in enumerate(zip(ids, rows, strict=True))
    ]


def row_part(row: Row) -> dict[str, Any]:
    if isinstance(row, Refused):
        return {"kind": "rejection", "code": row.code}
    return {"kind": "inference", "inputs": row[0], "outputs": row[1]}


def side_of(sides: dict[str, Any], name: str) -> Side | None:
    """Return one side of a call, if it was captured."""
    side = sides.get(name)
    return Side(side["data"], side["encoding"], side["observedContentType"]) if side else None
