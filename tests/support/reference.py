"""A second implementation of the rules, without any import from the project: whole files and plain lists.

It is written from the rules alone, so that it shares no mistake. It reads the layouts in events/captures only.
"""

import base64
import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

OUTER = ("instances", "predictions", "projections", "scores", "dataframe_records", "inputs", "outputs")
BINARY = ("image/", "audio/", "video/", "application/octet-stream", "application/x-npy", "application/x-recordio")
DECODER = json.JSONDecoder(parse_constant=lambda _: None)


class Rejected(Exception):
    """A line is rejected; the text is its code."""


def reference(source: Path | bytes, *, csv_header: bool = False) -> list[dict[str, Any]]:
    """Return the output of `inspect --json` without `why`; with `csv_header` all CSV begins with names."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    found: list[dict[str, Any]] = []
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            found += [{**part, "line": number} for part in parts_of(line, header=csv_header)]
        except Rejected as no:
            found.append({"kind": "rejection", "code": str(no), "line": number})
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
    if len(sides) == 1:
        raise Rejected("one_sided")
    inputs = rows_of(sides["endpointInput"], header=header)
    outputs = rows_of(sides["endpointOutput"], header=header)
    if len(inputs) > 1 and len(outputs) == 1 and isinstance(outputs[0], list) and len(outputs[0]) == len(inputs):
        outputs = [[value] for value in outputs[0]]  # XGBoost answers many rows with one line of values
    if len(inputs) != len(outputs):
        raise Rejected("row_count_mismatch")
    return [
        {
            "kind": "inference",
            "partner_inference_id": f"{partner_id}_{index}" if len(inputs) > 1 else partner_id,
            "inference_timestamp": call["inferenceTime"],
            "inputs": named("feature" if isinstance(given, list) else "", given),
            "outputs": named("prediction" if isinstance(answer, list) else "", answer),
            "index": index,
        }
        for index, (given, answer) in enumerate(zip(inputs, outputs, strict=True))
    ]


def rows_of(side: dict[str, Any], *, header: bool) -> list[Any]:
    """Return the rows of one direction: a list is positional, a dict named."""
    declared = (side["observedContentType"] or "").split(";")[0].strip().lower()
    text, encoding = side["data"], side["encoding"]
    if encoding == "BASE64":
        if declared.startswith(BINARY):
            raise Rejected("binary_payload")
        text = base64.b64decode(text).decode()
        encoding = "JSON" if text.lstrip()[:1] in ("{", "[") and declared != "text/csv" else "CSV"
    if encoding == "CSV":
        cells = [row for row in csv.reader(f"{line}\n" for line in text.split("\n")) if row and row != [""]]
        values = [[number_or_text(cell) for cell in row] for row in cells]
        return [dict(zip(cells[0], row, strict=True)) for row in values[1:]] if header else values
    if declared == "application/jsonlines" or "}\n{" in text:
        return [row_of(DECODER.decode(one)) for one in text.split("\n") if one.strip()]
    document = DECODER.decode(text)
    match document if side["mode"] == "OUTPUT" else None:
        case {"ErrorCode": _, "Message": _} | {"error": _} if "Message" in document or len(document) == 1:
            raise Rejected("error_body")
        case {"code": int(code), "message": str()} if code >= 400:
            raise Rejected("error_body")
    return rows_in(document)


def number_or_text(cell: str) -> str | int | float | None:
    """Return the number a cell shows, null for empty, NaN and infinity, else its text (007 is a text)."""
    bare = cell.strip().lower().lstrip("+-")
    if bare in ("", "nan", "inf", "infinity"):
        return None
    if "_" in bare or (bare[0] == "0" and bare[1:2].isdigit()):
        return cell
    try:
        return int(cell) if bare.isdigit() else float(cell)
    except ValueError:
        return cell


def rows_in(document: Any) -> list[Any]:
    """Return the rows of one whole JSON document."""
    if isinstance(document, list):
        return [row_of(one) for one in document] if {*map(type, document)} in ({list}, {dict}, {str}) else [document]
    if "dataframe_split" in document:
        frame = document["dataframe_split"]
        return [dict(zip(frame["columns"], row, strict=True)) for row in frame["data"]]
    outer = next((document[key] for key in OUTER if isinstance(document.get(key), list)), None)
    if outer and isinstance(outer[0], dict) and {"name", "shape", "datatype", "data"} <= outer[0].keys():
        return [{tensor["name"]: of_tensor(tensor, row) for tensor in outer} for row in range(outer[0]["shape"][0])]
    columns, alone = list(document.values()), len(document) == 1
    if alone and next(iter(document)) in ("features", "probabilities"):
        return columns[0] if isinstance(columns[0][0], list) else columns
    lists = all(isinstance(one, list) and not any(isinstance(v, list | dict) for v in one) for one in columns)
    if lists and len({len(one) for one in columns}) == 1 and not (outer and alone):
        return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]
    return [row_of(one) for one in outer] if outer else [document]


def of_tensor(tensor: dict[str, Any], row: int) -> Any:
    width = len(tensor["data"]) // tensor["shape"][0]
    return tensor["data"][row] if width == 1 else tensor["data"][row * width : (row + 1) * width]


def row_of(one: Any) -> Any:
    """Return the row that one element of a list, or one line, is."""
    match one:
        case {"features": list(values)} | {"probabilities": list(values)} if len(one) == 1:
            return values
        case {"data": {"features": {"keys": keys, "shape": [width], "values": values}}}:
            return [dict(zip(keys, values, strict=True)).get(place, 0) for place in range(width)]
        case {"data": {"features": {"values": values}}}:
            return values
        case _:
            return one if isinstance(one, list | dict) else [one]


def named(name: str, value: Any) -> dict[str, Any]:
    """Return every scalar under a name of its own: {"a": {"b": 1}, "c": [2, 3]} has a.b, c_0 and c_1."""
    if not isinstance(value, dict | list):
        return {name: value}
    items, link = (value.items(), ".") if isinstance(value, dict) else (enumerate(value), "_")
    joined = name + link if name else ""
    return {key: scalar for last, inner in items for key, scalar in named(f"{joined}{last}", inner).items()}
