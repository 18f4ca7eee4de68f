"""Keys that are not data: beside rows they are left out. `docs/formats.md` prints this table."""

from collections.abc import Collection

from msgspec import Struct

from capture_forwarder.domain.values import JsonValue
from capture_forwarder.payloads.elements_kind import Document, is_list


class NotData(Struct, frozen=True):
    """Keys that a server writes beside rows and that are no data; `any_of` are the keys that identify the server."""

    server: str
    any_of: frozenset[str]
    keys: tuple[str, ...]

    @property
    def recognised_by(self) -> str:
        """The keys that identify the server, as Markdown."""
        return ", ".join(key if " " in key else f"`{key}`" for key in sorted(self.any_of))


NOT_DATA = (
    NotData(
        "TensorFlow Serving, MLflow, built-in algorithms",
        frozenset({"instances", "examples", "inputs"}),
        ("signature_name", "configuration", "parameters", "params"),
    ),
    NotData("Hugging Face, TGI, TEI, LMI", frozenset({"inputs"}), ("parameters", "options")),
    NotData("Cohere", frozenset({"embeddings"}), ("id", "meta", "response_type")),
    NotData("Clarify", frozenset({"explanations"}), ("version", "label_headers", "predictions.content_type")),
)
TENSORS = NotData(
    "KServe v2, Triton, MLServer",
    frozenset({"a list of tensors"}),
    ("id", "model_name", "model_version", "parameters", "outputs (of a request)", "shape", "datatype"),
)
OPENAI_LIST = NotData(
    "OpenAI style lists", frozenset({'object: "list" and data'}), ("object", "model", "id", "created", "usage")
)
SPARKML = NotData(
    "pandas table, SparkML", frozenset({"schema beside data, on a line too"}), ("schema", "columns of its primaryKey")
)
FRAMES = NotData("pandas, MLflow split; a Series", frozenset({"columns and data", "name, index and data"}), ("index",))
ALL = (*NOT_DATA, TENSORS, FRAMES, SPARKML, OPENAI_LIST)


def without_not_data(document: Document) -> tuple[Document, int]:
    """Return a document without the keys that are not data beside rows, and how many values these hold."""
    keys = {key for entry in NOT_DATA if not entry.any_of.isdisjoint(document) for key in entry.keys}
    if document.get("object") == "list" and "data" in document:
        keys.update(OPENAI_LIST.keys)
    return without(document, keys) if not keys.isdisjoint(document) else (document, 0)


def without(document: Document, keys: Collection[str]) -> tuple[Document, int]:
    """Return a document without `keys`, and how many values these hold."""
    dropped = sum(count_scalars(document[key]) for key in keys if key in document)
    return {key: value for key, value in document.items() if key not in keys}, dropped


def without_schema(document: Document) -> tuple[Document, int]:
    """Return `{"schema": {...}, "data": ...}` of pandas and SparkML without the schema and the columns of its key."""
    schema, data = document.get("schema"), document.get("data")
    if not isinstance(schema, dict) or not is_list(data):
        return document, 0
    rest, dropped = without(document, {"schema"})
    names = schema.get("primaryKey")
    if not is_list(names) or not all(isinstance(row, dict) for row in data):
        return rest, dropped
    found = [without(row, [str(name) for name in names]) for row in data if isinstance(row, dict)]
    return rest | {"data": [row for row, _ in found]}, dropped + sum(count for _, count in found)


def count_scalars(value: JsonValue) -> int:
    """Return how many plain values lie in `value`; an empty list or object is one."""
    count, pending = 0, [value]
    while pending:
        one = pending.pop()
        parts = one.values() if isinstance(one, dict) else one if is_list(one) else None
        if parts:
            pending += parts
        else:
            count += 1
    return count
