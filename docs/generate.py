"""Pages that are made of code: every metric and every option, so that neither can be forgotten."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from msgspec import NODEFAULT, Meta
from msgspec.inspect import is_struct_type
from msgspec.structs import FieldInfo, fields

from capture_forwarder.configuration.metrics import DIMENSIONS, NAMESPACE, TOTAL_DIMENSION, TOTALS, Metric
from capture_forwarder.configuration.settings import (
    RESOURCE_VARIABLES,
    DestinationSettings,
    FunctionSettings,
    RouteSettings,
)
from capture_forwarder.configuration.stack import BackfillSettings, BucketSettings, StackSettings, VpcSettings
from capture_forwarder.domain.schema import Attribute

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
    "destination.compression": "`gzip` makes requests four times smaller, where the API takes `Content-Encoding: gzip`",
    "destination.ca_bundle": "certificates to trust in place of the system's",
    "route.name": "what quarantine, logs and metrics call it",
    "route.bucket": "where captures lie",
    "route.prefix": "captures below it are this route's, unless a longer prefix covers them",
    "route.suffix": "keys below the prefix that end otherwise call nobody",
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
    "stack.name": "what the stack is called; CloudFormation names all that is in it",
    "stack.runtime": "the function's Python",
    "stack.architecture": "the function's processor",
    "stack.memory_size_mb": "the function's memory, and with it its share of a processor",
    "stack.timeout_secs": "how long one invocation may go on; the queue's visibility timeout is six times as long",
    "stack.reserved_concurrency": "invocations that are set aside for the function, and its limit",
    "stack.max_concurrency": "invocations that the queue asks for at once",
    "stack.batch_size": "messages an invocation",
    "stack.batching_window_secs": "how long to wait for a batch to fill, so that small captures share requests",
    "stack.max_receives": "tries before a message is a dead letter",
    "stack.log_retention_days": "how long logs are kept",
    "stack.message_retention_days": "how long messages wait at most; dead letters are kept for 14 days",
    "stack.progress_retention_days": "how long it is known of an object that it was forwarded; "
    "a dead letter sent again may be 28 days old",
    "stack.quarantine_retention_days": "how long rejections are kept",
    "stack.alarm_topic_arn": "where alarms go; without it the stack makes a topic",
    "stack.permissions_boundary_arn": "the boundary of every role in the stack",
    "stack.kms_key_arn": "the key of the stack's own queue, table, bucket and logs; without it AWS's keys",
    "stack.vpc": "the network to run in; without it the function runs in none",
    "stack.backfill": "how fast the function works on backfills",
    "vpc.subnet_ids": "the subnets to run in",
    "vpc.security_group_ids": "the function's security groups",
    "backfill.max_concurrency": "invocations for the queue of backfills at once, beside those for live captures",
    "bucket.name": "which bucket of the routes this is about; one without a table exists already",
    "bucket.create": "let the stack make it, and keep it when the stack goes",
    "bucket.trigger": "what tells of a new capture; without it `s3` for a bucket that the stack makes, "
    "else `eventbridge`",
    "bucket.kms_key_arn": "the key that its captures are encrypted with",
    "bucket.account": "whose it is, where it is another account's",
}
_OPTIONS_HEAD = ("| option | value | default | says |", "|---|---|---|---|")
_TABLES = (
    ("[[destination]]", "destination", DestinationSettings),
    ("[[route]]", "route", RouteSettings),
    ("[[route.attribute]]", "attribute", Attribute),
    ("[function]", "function", FunctionSettings),
    ("[stack]", "stack", StackSettings),
    ("[stack.vpc]", "vpc", VpcSettings),
    ("[stack.backfill]", "backfill", BackfillSettings),
    ("[[bucket]]", "bucket", BucketSettings),
)


def metrics_page() -> str:
    """Return `docs/metrics.md`."""
    dimensions = " and ".join(f"`{name}`" for name in DIMENSIONS)
    rows = [f"| {m.value.name} | {m.value.unit} | {m.value.meaning} | {'yes' if m in TOTALS else ''} |" for m in Metric]
    return "\n".join(
        [
            "# Metrics",
            "",
            f"Namespace `{NAMESPACE}`, dimensions {dimensions}. What counts requests has `destination` only,",
            "because routes share requests. Codes and reasons stand in the log, which counts them for every object.",
            f"What alarms watch is emitted a second time, summed over all, under `{TOTAL_DIMENSION}` alone.",
            "Counts are summed over a run; of times every value is kept.",
            "",
            "| metric | unit | counts | summed |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def configuration_page() -> str:
    """Return `docs/configuration.md`. Raises `KeyError` for an option that nobody has described."""
    lines = [
        "# Configuration",
        "",
        "`forwarder.toml`; `cdk` and the commands read it, or the file that `CAPTURE_FORWARDER_CONFIG` names.",
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
    if info.required:
        return "required"
    if info.default in (None, (), NODEFAULT):
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
    if is_struct_type(kind):
        return "a table, see below"
    return {str: "text", int: "a whole number", float: "seconds", bool: "true or false"}[kind]


def write_pages(folder: Path) -> None:
    """Write both pages into `folder`."""
    (folder / "metrics.md").write_text(metrics_page(), encoding="utf-8")
    (folder / "configuration.md").write_text(configuration_page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path("docs"))
