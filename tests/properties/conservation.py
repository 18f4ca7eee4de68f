"""The scalars of a payload that have to be in the inferences of its call, and those that are named as no data."""

from collections import Counter
from typing import Any

from tests.properties.both_readers import Rows, side_of
from tests.reference.csv_text import cell_value
from tests.reference.kinds import ordered
from tests.reference.model import Body, NameTwice, Rejected, Row, Side, SideOptions
from tests.reference.tables import OUTER_OF_COLUMNS, is_split, left_out
from tests.reference.tensors import is_tensors
from tests.reference.text import read_body

Scalars = Counter[tuple[str, Any]]
TENSOR_DATA = ("data",)
NOT_DATA_OF_TENSORS = ("id", "model_name", "model_version", "parameters", "outputs", "inputs")


def lost(request: dict[str, Any], answer: dict[str, Any], rows: Rows) -> str:
    """Return a sentence about values that a call lost or invented; it is empty without such, and for a rejected call.

    A name twice in one object must be a rejection, because one value would be lost.
    """
    if isinstance(rows, Rejected) or not all(isinstance(row, tuple) for row in rows):
        return ""
    for place, side in enumerate((request, answer)):
        try:
            body = read_body(side_of(side), SideOptions())  # type: ignore[arg-type]
        except NameTwice:
            return "LOST: a name twice"
        except Rejected:
            continue  # the text is read otherwise by the project: the comparison with the reference says so
        required, optional = needed(body, answer=place == 1)
        found = values_of(rows, place)
        if missing := required - found:
            return f"LOST: {list(missing)[:3]}"
        if invented := found.keys() - required.keys() - optional.keys() - {("null", None), ("number", 0.0)}:
            return f"INVENTED: {list(invented)[:3]}"
    return ""


def values_of(rows: list[Row], place: int) -> Scalars:
    """Return all values of one side of all inferences."""
    return Counter(scalar(value) for row in rows if isinstance(row, tuple) for value in row[place].values())


def scalar(value: Any) -> tuple[str, Any]:
    """Return a value so that 1 and 1.0 are the same, and 1 and true are not."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean", value
    return ("text", value) if isinstance(value, str) else ("number", float(value))


def scalars_in(value: Any) -> Scalars:
    """Return each scalar of a document, as often as it occurs."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return sum(map(scalars_in, value), Scalars())
    return Counter([scalar(value)])


def needed(body: Body, *, answer: bool) -> tuple[Scalars, Scalars]:
    """Return the scalars that have to be in the inferences, and those that may be left out."""
    documents = [body.content] if body.kind != "lines" else body.content
    if body.kind == "csv":
        documents = [[cell_value(cell, answer=answer, trim=False) for cell in line] for line in body.content]
    optional = sum((not_data(one) for one in documents), Scalars())
    if body.kind == "json" and is_clarify(body.content):
        optional += clarify_not_data(body.content)
    required = sum(map(scalars_in, documents), Scalars()) - optional
    return required + (clarify_predictions(body.content) if body.kind == "json" else Scalars()), optional


def not_data(document: Any) -> Scalars:
    """Return the scalars of a document that the rule's table names as no data (section 4), or that are names."""
    if isinstance(document, list):
        return sum(map(sparse_places, document), Scalars())
    if not isinstance(document, dict):
        return Scalars()
    found = sum((scalars_in(document[key]) for key in left_out(document)), Scalars()) + sparse_places(document)
    for key, value in document.items():
        if is_tensors(value):
            found += tensors_not_data(document, key)
        elif isinstance(value, list) and key not in left_out(document):
            found += sum(map(sparse_places, value), Scalars())
        elif key in (*OUTER_OF_COLUMNS, "dataframe_split"):
            found += not_data(value)
    if is_split(document):
        found += scalars_in(document.get("columns", document.get("name")))
    return found + primary_key(document)


def sparse_places(row: Any) -> Scalars:
    """Return the keys and the shape of a sparse row."""
    if ordered(row) is None or "data" not in row:
        return Scalars()
    return scalars_in([row["data"]["features"].get(key, []) for key in ("keys", "shape")])


def tensors_not_data(document: dict[str, Any], key: str) -> Scalars:
    """Return all but the data of tensors, and the keys beside them that are no data."""
    beside = [value for name, value in document.items() if name in NOT_DATA_OF_TENSORS and name != key]
    within = [value for tensor in document[key] for name, value in tensor.items() if name not in TENSOR_DATA]
    return scalars_in(beside) + scalars_in(within)


def is_clarify(document: Any) -> bool:
    """Tell whether a document is an answer of Clarify with its predictions as text."""
    match document:
        case {"explanations": dict(), "predictions": {"content_type": str(), "data": str()}}:
            return True
        case _:
            return False


def clarify_not_data(document: dict[str, Any]) -> Scalars:
    """Return the scalars beside the explanations that are no data, the text of the predictions included."""
    return scalars_in([document["predictions"], document.get("version", []), document.get("label_headers", [])])


def clarify_predictions(document: Any) -> Scalars:
    """Return the scalars that the text of Clarify's predictions holds."""
    if not is_clarify(document):
        return Scalars()
    media, text = document["predictions"]["content_type"], document["predictions"]["data"]
    return needed(read_body(Side(text, "CSV", media), SideOptions()), answer=True)[0]


def primary_key(document: dict[str, Any]) -> Scalars:
    """Return the values of the columns that a table's schema names as its key."""
    schema, rows = document.get("schema"), document.get("data")
    if not isinstance(schema, dict) or not isinstance(rows, list) or not isinstance(schema.get("primaryKey"), list):
        return Scalars()
    names = [key for key in schema["primaryKey"] if isinstance(key, str)]
    return scalars_in([row[key] for row in rows if isinstance(row, dict) for key in names if key in row])


def with_unique_scalars(document: Any, count: list[int]) -> Any:
    """Return a document of the same shape where no number and no text occurs twice; `count` counts them."""
    if isinstance(document, dict):
        return {key: with_unique_scalars(value, count) for key, value in document.items()}
    if isinstance(document, list):
        return [with_unique_scalars(value, count) for value in document]
    if document is None or isinstance(document, bool):
        return document
    count[0] += 1
    return f"word{count[0]}" if isinstance(document, str) else count[0] + 0.25
