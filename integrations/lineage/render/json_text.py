"""A graph, or an answer, as JSON in ASCII: a value a line, so that two files can be compared by line."""

import json
from typing import Any

import msgspec

from integrations.lineage.graph import Graph


def graph_json(graph: Graph) -> str:
    """Return `starts`, `vertices` and `edges`. `msgspec.convert(json.loads(text), Graph)` is the graph again."""
    document = msgspec.to_builtins(graph, order="deterministic")
    parts = (f"{json.dumps(name)}: {_lines(document[name])}" for name in ("starts", "vertices", "edges"))
    return "{" + ",\n".join(parts) + "}\n"


def answer_json(answer: Any) -> str:
    """Return an answer with the names of its fields."""
    return json.dumps(msgspec.to_builtins(answer, order="deterministic"), indent=2) + "\n"


def _lines(values: Any) -> str:
    return "[" + ",".join("\n  " + json.dumps(value) for value in values) + "]"
