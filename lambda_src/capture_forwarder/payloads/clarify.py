"""Answers of SageMaker Clarify's online explainer: predictions as text, and an explanation for each.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-online-explainability-invoke-endpoint.html
"""

from typing import Any, cast

from capture_forwarder.domain.capture import Encoding, Media, Payload
from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.route import Layout, PayloadOptions
from capture_forwarder.domain.values import JsonValue, parse_csv_cell
from capture_forwarder.payloads.bodies import Body, read_body
from capture_forwarder.payloads.elements_kind import Document, Elements, lists_of
from capture_forwarder.payloads.not_data import count_scalars
from capture_forwarder.payloads.shape import Shape, fixed
from capture_forwarder.payloads.shapes import json_shape
from capture_forwarder.payloads.tables import NAMELESS, Table, chunks


def clarify_shape(document: Document) -> Shape | Reason | None:
    """Return the shape of an answer of the explainer; `None` for another document."""
    predictions, explanations = document.get("predictions"), document.get("explanations")
    if not isinstance(predictions, dict) or not isinstance(explanations, dict):
        return None
    data = predictions.get("data")
    if not isinstance(data, str) or not predictions.keys() <= {"content_type", "data"}:
        return None
    declared = predictions.get("content_type")
    content_type = declared if isinstance(declared, str) else "text/csv"
    body = read_body(Payload(data, Encoding.JSON, content_type), PayloadOptions(content_type), is_answer=True)
    if isinstance(body, Reason):
        return body
    left_out = sum(count_scalars(document[key]) for key in ("version", "label_headers") if key in document)
    return _joined(document, body, explanations, left_out + 1)


def _joined(document: Document, body: Body, explanations: Document, left_out: int) -> Shape | Reason:
    lists = {f"explanations.{name}": one for name, one in lists_of(explanations).items()}
    counts = set(map(len, lists.values()))
    if len(counts) > 1:
        return Reason(RejectionCode.UNKNOWN_LAYOUT, "the explanations differ in the number of rows")
    rows = _rows(body)
    if isinstance(rows, Reason):
        return rows
    count = counts.pop() if counts else len(rows)
    if len(rows) == 1 and count > 1 and isinstance(rows[0], list) and len(rows[0]) % count == 0:
        rows = chunks(rows[0], count)
    if len(rows) != count:
        return Reason(
            RejectionCode.ROW_COUNT_MISMATCH, f"{len(rows)} predictions and {count} explanations in one answer"
        )
    beside = {key: one for key, one in document.items() if key not in {"version", "label_headers", "predictions"}}
    beside["explanations"] = {name: one for name, one in explanations.items() if f"explanations.{name}" not in lists}
    if not beside["explanations"]:
        del beside["explanations"]
    table = Table(count, {NAMELESS: rows} | lists, beside, left_out=left_out)
    return fixed(table, "the explained predictions", Layout.INSTANCES, document)


def _rows(body: Body) -> Elements | Reason:
    """Return the predictions: lines, the rows of a document, or one."""
    content = cast("JsonValue", body.content)
    if body.form.media is Media.CSV:
        lines = cast("list[list[Any]]", body.content)
        return [[parse_csv_cell(cell) if isinstance(cell, str) else cell for cell in line] for line in lines]
    if body.form.media is not Media.JSON:
        return cast("Elements", content) if body.form.media is Media.JSON_LINES else [content]
    shape = json_shape(content, is_answer=True)
    if isinstance(shape, Reason):
        return shape
    if shape.table is not None and len(shape.table.columns) == 1 and not shape.table.neighbours:
        return next(iter(shape.table.columns.values()))
    return [content]
