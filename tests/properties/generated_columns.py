"""Batches as columns: plain ones, frames, splits, tensors, and the lists of some servers."""

import json
from random import Random
from typing import Any

from tests.properties.generated_batches import Batch, Named, Part, flat


def columns(batch: Batch) -> Part:
    """Two or more lists of one length, perhaps with values of the call beside them."""
    rows = [{"ref": f"k{at}"} | row for at, row in enumerate(batch.objects())]
    if batch.random.random() < 0.5:
        rows = [{"size": batch.number()} | {name: row[name] for name in row if name != "ref"} for row in rows]
    rows = [{name: value for name, value in row.items() if not isinstance(value, dict)} for row in rows]
    if len(rows[0]) < 2:
        rows = [row | {"extra": batch.text()} for row in rows]
    document: Named = {name: [row[name] for row in rows] for name in rows[0]}
    call = {"unit": "km", "limits": {"low": 1}} if batch.random.random() < 0.3 else {}
    named = [flat(row) | flat(call) for row in rows]
    return batch.document("columns", document | call, named, "rows", beside=bool(call))


def single_list(batch: Batch) -> Part:
    """One list under a key: its name is the name of plain elements, and of lists with their place."""
    key = "embedding" if batch.answer else "text_inputs"
    values: list[Any] = [batch.text() for _ in range(batch.n)]
    if batch.answer:
        values = batch.numbers(batch.random.randint(2, 4))
    call = {} if batch.random.random() < 0.7 else {"truncate": "END"}
    rows = [flat({key: value} | call) for value in values]
    return batch.document("single list", {key: values, **call}, rows, "rows", beside=bool(call))


def single_numbers(batch: Batch) -> Part:
    """One list of numbers under a key: open, n values."""
    values = [batch.number() for _ in range(batch.n)]
    key = batch.random.choice(("probabilities", "p", "results")) if batch.answer else "x"
    name = "prediction_0" if key == "probabilities" else key
    return batch.document("single numbers", {key: values}, [{name: value} for value in values], "open")


def outer_columns(batch: Batch) -> Part:
    """TensorFlow's columns: a list of one is that one value."""
    key, rows = batch.outer(), batch.objects(deep=False)
    nested = {name: batch.random.random() < 0.5 for name in rows[0]}
    document = {name: [[row[name]] if nested[name] else row[name] for row in rows] for name in rows[0]}
    return batch.document("outer columns", {key: document, **batch.not_data(key)}, rows, "fixed")


def predictions_beside(batch: Batch) -> Part | None:
    """`predictions` beside columns, with the names of the classes."""
    if not batch.answer:
        return None
    width = 5  # another number than that of rows: the labels are names of classes
    shares = batch.numbers(width)
    rows = [{"predictions": at % 2, "probabilities": one} for at, one in enumerate(shares)]
    document: Named = {"predictions": [row["predictions"] for row in rows], "probabilities": shares}
    named = list(map(flat, rows))
    if batch.random.random() < 0.5:
        labels = [f"c{at}" for at in range(width)]
        document["labels"] = labels
        named = [row | flat({"labels": labels}) for row in named]
    return batch.document("predictions beside columns", document, named, "fixed")


def split(batch: Batch) -> Part:
    rows = batch.objects()
    document: Named = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
    if batch.random.random() < 0.5:
        document = {"columns": document["columns"], "index": list(range(batch.n)), "data": document["data"]}
    style = batch.random.randrange(3)
    if style == 0:
        document = {"dataframe_split": document}
    elif style == 1 and not batch.answer:
        document = {"inputs": {"dataframe_split": document}}
    return batch.document("split", document, list(map(flat, rows)), "fixed")


def frame(batch: Batch) -> Part:
    """Pandas' `to_json()`, by column or by row; a client's own index is possible."""
    rows = batch.objects(deep=False)
    step, start = batch.random.choice(((1, 0), (1, 0), (3, 5)))
    index = [str(start + step * at) for at in range(batch.n)]
    if batch.random.random() < 0.6:
        document: Named = {name: {at: row[name] for at, row in zip(index, rows, strict=True)} for name in rows[0]}
    else:
        document = dict(zip(index, rows, strict=True))
    return batch.document("frame", document, rows, "rows")


def series(batch: Batch) -> Part | None:
    if not batch.answer:
        return None
    values = batch.plain()
    rows = batch.ordered([[one] for one in values])
    if batch.random.random() < 0.4:
        document: Named = {"name": None, "index": list(range(batch.n)), "data": values}
        return batch.document("series, split", document, rows, "fixed")
    return batch.document("series", {str(at): one for at, one in enumerate(values)}, rows, "open")


def tensors(batch: Batch) -> Part:
    """KServe's second protocol: matrices, columns of one, and texts."""
    rows, found = [dict[str, Any]() for _ in range(batch.n)], []
    for at, name in enumerate(batch.names()):
        width = batch.random.choice((1, 1, 2, 3)) if at else 2
        values = [[batch.number() for _ in range(width)] for _ in range(batch.n)]
        datatype, shape = "FP64", [batch.n, width]
        if at and width == 1 and batch.random.random() < 0.5:
            values, datatype, shape = [[batch.text()] for _ in range(batch.n)], "BYTES", [batch.n]
        data: list[Any] = [one for row in values for one in row]
        if len(shape) > 1 and batch.random.random() < 0.3:
            data = values
        found.append({"name": name, "shape": shape, "datatype": datatype, "data": data})
        for row, value in zip(rows, values, strict=True):
            row.update(flat({name: value if width > 1 else value[0]}))
    beside = {"model_name": "m", "id": "7"} if batch.random.random() < 0.5 else {}
    asked = {"outputs": [{"name": "y"}]} if not batch.answer and batch.random.random() < 0.3 else {}
    document = {**beside, "outputs" if batch.answer else "inputs": found, **asked}
    return batch.document("tensors", document, rows, "fixed")


def tensor_of_one_dimension(batch: Batch) -> Part:
    """A tensor of one dimension is open: its values may be features or rows."""
    values = [batch.number() for _ in range(batch.n)]
    tensor = {"name": "t", "shape": [batch.n], "datatype": "FP64", "data": values}
    document = {"outputs" if batch.answer else "inputs": [tensor]}
    return batch.document("tensor of one dimension", document, [{"t": value} for value in values], "open")


def listed(batch: Batch) -> Part | None:
    """OpenAI's lists, Cohere's embeddings, and tables of pandas with a schema."""
    style = batch.random.randrange(3)
    if style == 0 and batch.answer:
        rows = [{"index": at, "embedding": row} for at, row in enumerate(batch.numbers(3))]
        document: Named = {"object": "list", "data": rows, "model": "m", "usage": {"total_tokens": 5}}
        return batch.document("openai list", document, list(map(flat, rows)), "rows")
    if style == 1 and batch.answer:
        vectors = batch.numbers(3)
        document = {"id": "c1", "embeddings": vectors, "meta": {"api_version": {"version": "1"}}}
        return batch.document("cohere embeddings", document, [flat({"embeddings": one}) for one in vectors], "rows")
    rows = batch.objects(deep=False)
    keyed = [{"index": at} | row for at, row in enumerate(rows)]
    fields = [{"name": "index", "type": "integer"}, *({"name": name, "type": "string"} for name in rows[0])]
    schema = {"fields": fields, "primaryKey": ["index"], "pandas_version": "1.4.0"}
    return batch.document("pandas table", {"schema": schema, "data": keyed}, rows, "rows")


def clarify(batch: Batch) -> Part | None:
    """Clarify's explanations join the predictions row by row."""
    if not batch.answer:
        return None
    values, width = [batch.number() for _ in range(batch.n)], batch.random.randint(1, 3)
    shares = [[{"attributions": [{"attribution": [batch.number()]}]} for _ in range(width)] for _ in range(batch.n)]
    document = {
        "version": "1.0",
        "predictions": {"content_type": "text/csv", "data": "\n".join(map(str, values)) + "\n"},
        "explanations": {"kernel_shap": shares},
    }
    rows = [
        {"prediction_0": one} | flat({"explanations.kernel_shap": share})
        for one, share in zip(values, shares, strict=True)
    ]
    return batch.document("clarify", document, rows, "fixed")


def one_error(part: Part, random: Random) -> Part | None:
    """Return a list of rows with one error body; its row is empty."""
    document = json.loads(part.text) if part.media == "application/json" else None
    rows = next(iter(document.values())) if isinstance(document, dict) and len(document) == 1 else document
    if not isinstance(rows, list) or len(rows) < 2 or part.layout in ("columns", "tensors") or part.says == "open":
        return None
    at = random.randrange(len(rows))
    rows[at] = random.choice(
        ({"error": "value missing"}, {"error_code": "BAD", "message": "no"}, {"code": 500, "message": "x"})
    )
    named = [{} if place == at else row for place, row in enumerate(part.rows)]
    return Part(f"error in {part.layout}", json.dumps(document), part.media, named, part.says, part.plain, part.beside)


COLUMNS = (
    columns, single_list, single_numbers, outer_columns, predictions_beside, split, frame, series, tensors,
    tensor_of_one_dimension, listed, clarify,
)  # fmt: skip
