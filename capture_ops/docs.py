"""Pages that are made of code: every metric and every option, so that neither can be forgotten."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields

from capture_forwarder.domain.schema import Attribute
from capture_forwarder.metrics import DIMENSIONS, NAMESPACE, Metric
from capture_forwarder.settings import (
    RESOURCE_VARIABLES,
    DestinationSettings,
    FunctionSettings,
    RouteSettings,
)

_MEANINGS = {
    "destination.name": "what routes, logs and metrics call it",
    "destination.kind": "which API it speaks",
    "destination.url": "where it is; plain `http` only towards loopback",
    "destination.secret": "where its token lies",
    "destination.organization_id": "Arthur's organisation, where a token sees several",
    "destination.max_inferences": "inferences a request",
    "destination.max_bytes": "bytes a request; one inference alone may be larger",
    "destination.max_in_flight": "requests under way at once",
    "destination.connect_timeout_secs": "how long to wait for a connection",
    "destination.read_timeout_secs": "how long to wait for an answer",
    "destination.ca_bundle": "certificates to trust in place of the system's",
    "route.name": "what quarantine, logs and metrics call it",
    "route.bucket": "where captures lie",
    "route.prefix": "captures below it are this route's, unless a longer prefix covers them",
    "route.destination": "the name of a `[[destination]]`",
    "route.model_id": "the model there",
    "route.schema": '"model" asks the destination for the attributes',
    "route.attribute": "the attributes, where the file names them",
    "route.id_source": "what names a call: the caller's inference id if there is one, or always the event id",
    "route.one_sided": "what to do when one side is missing, binary or an error",
    "route.unknown_attributes": "what to do with named values that the schema does not know",
    "route.quarantine_payload": "keep the captured line beside its rejection",
    "route.input_content_type": "what requests are, whatever they are declared to be",
    "route.output_content_type": "what answers are, whatever they are declared to be",
    "route.input_layout": "how rows lie in requests, instead of finding out",
    "route.output_layout": "how rows lie in answers, instead of finding out",
    "route.input_csv_header": "CSV requests begin with a line of names",
    "route.output_csv_header": "CSV answers begin with a line of names",
    "attribute.name": "its name at the destination",
    "attribute.stage": "where it is known",
    "attribute.value_type": "what its values become",
    "attribute.position": "ordered values map by order of it, gaps allowed",
    "attribute.implicit": "derived by the platform when it is not sent",
    "function.max_line_bytes": "a longer line is rejected unread",
    "function.checkpoint_secs": "how often progress within a large object is saved",
    "function.first_delay_secs": "how long what is owed waits the first time; then twice as long each time, up to 900",
}
_OPTIONS_HEAD = ("| option | value | default | says |", "|---|---|---|---|")
_TABLES = (
    ("[[destination]]", "destination", DestinationSettings),
    ("[[route]]", "route", RouteSettings),
    ("[[route.attribute]]", "attribute", Attribute),
    ("[function]", "function", FunctionSettings),
)


def metrics_page() -> str:
    """Return `docs/metrics.md`."""
    dimensions = " and ".join(f"`{name}`" for name in DIMENSIONS)
    rows = [f"| {m.value.name} | {m.value.unit} | {m.value.meaning} |" for m in Metric]
    return "\n".join(
        [
            "# Metrics",
            "",
            f"Namespace `{NAMESPACE}`, dimensions {dimensions}. What counts requests has `destination` only,",
            "because routes share requests. Codes and reasons stand in the log, which counts them for every object.",
            "",
            "| metric | unit | counts |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def configuration_page() -> str:
    """Return `docs/configuration.md`. Raises `KeyError` for an option that nobody has described."""
    lines = [
        "# Configuration",
        "",
        "`forwarder.toml`; the function finds it beside its package, or where `CAPTURE_FORWARDER_CONFIG` says.",
        "",
    ]
    for heading, path, struct in _TABLES:
        lines += [f"## `{heading}`", "", *_OPTIONS_HEAD, *_rows(path, struct), ""]
    lines += ["## Environment", "", "Set by the stack; each is optional outside AWS.", ""]
    lines += [f"* `{variable}`" for variable in RESOURCE_VARIABLES.values()]
    return "\n".join([*lines, ""])


def _rows(path: str, struct: type) -> Iterator[str]:
    for info in fields(struct):
        meaning = _MEANINGS[f"{path}.{info.name}"]
        yield f"| `{info.name}` | {_kind(info)} | {_default(info)} | {meaning} |"


def _default(info: FieldInfo) -> str:
    if info.default is NODEFAULT:
        return "required"
    if info.default in (None, ()):
        return "none"
    value = info.default.value if isinstance(info.default, Enum) else info.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(info: FieldInfo) -> str:
    for part in (info.type, *get_args(info.type)):
        if get_origin(part) is Annotated and isinstance(meta := get_args(part)[1], Meta) and meta.description:
            return meta.description
        if isinstance(part, type) and issubclass(part, Enum):
            return ", ".join(f"`{member.value}`" for member in part)
    return _plain_kind(info.type)


def _plain_kind(kind: Any) -> str:
    if kind == tuple[Attribute, ...]:
        return "tables, see below"
    while get_origin(kind) is Annotated or (get_args(kind) and type(None) in get_args(kind)):
        kind = next(part for part in get_args(kind) if part is not type(None))
    return {str: "text", int: "a whole number", float: "seconds", bool: "true or false"}[kind]


def write_pages(folder: Path) -> None:
    """Write both pages into `folder`."""
    (folder / "metrics.md").write_text(metrics_page(), encoding="utf-8")
    (folder / "configuration.md").write_text(configuration_page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path("docs"))
