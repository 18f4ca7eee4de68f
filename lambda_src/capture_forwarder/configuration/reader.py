"""Reads `forwarder.toml` and says everything that is wrong with it at once."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from msgspec.inspect import is_struct_type
from msgspec.structs import FieldInfo, fields

from capture_forwarder.configuration.settings import DestinationSettings, FunctionSettings, RouteSettings, Settings
from capture_forwarder.configuration.stack import BucketSettings, StackSettings, Trigger
from capture_forwarder.domain.media import media_of
from capture_forwarder.domain.schema import Attribute

Table = dict[str, Any]
_BATCH_WITHOUT_WINDOW = 10  # https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html


Check = Callable[[Settings], Iterable[str]]


def _nothing_more(_: Settings) -> Iterable[str]:
    return ()


class SettingsError(Exception):
    """The configuration cannot be used; the message lists every problem, one a line."""

    def __init__(self, origin: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"{origin} has {len(problems)} problem(s):", *(f"  {text}" for text in problems)]))


def read_settings(path: Path, also: Check = _nothing_more) -> Settings:
    """Return the settings in `path`. Raises `SettingsError`, with the problems that `also` finds among the others."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [f"cannot be read: {error}"]) from error
    return parse_settings(text, str(path), also)


def parse_settings(text: str, origin: str = "forwarder.toml", also: Check = _nothing_more) -> Settings:
    """Return the settings in `text`. Raises `SettingsError`, in which `origin` names the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(origin, [f"is not TOML: {error}"]) from error
    if problems := list(_shape_problems(document)):
        raise SettingsError(origin, problems)
    settings = msgspec.convert(document, Settings)
    if problems := [*_meaning_problems(settings), *also(settings)]:
        raise SettingsError(origin, problems)
    return settings


def _shape_problems(document: Table) -> Iterator[str]:
    for key in sorted(document.keys() - {"destination", "route", "function", "stack", "bucket"}):
        yield f"{key}: no such table; there are [function], [stack], [[destination]], [[route]] and [[bucket]]"
    yield from _table_problems(document.get("function", {}), FunctionSettings, "function")
    yield from _table_problems(document.get("stack", {}), StackSettings, "stack")
    yield from _tables_problems(document.get("destination"), DestinationSettings, "destination")
    yield from _tables_problems(document.get("route"), RouteSettings, "route")
    if "bucket" in document:
        yield from _tables_problems(document["bucket"], BucketSettings, "bucket")


def _tables_problems(tables: Any, struct: type[Struct], path: str) -> Iterator[str]:
    if not isinstance(tables, list) or not tables:
        yield f"{path}: write at least one [[{path}]]"
        return
    for index, table in enumerate(tables):
        yield from _table_problems(table, struct, f"{path}[{index}]")


def _table_problems(table: Any, struct: type[Struct], path: str) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{path}: write a table, [{path}]"
        return
    known = {info.name: info for info in fields(struct)}
    for name in sorted(table.keys() - known.keys()):
        yield f"{path}.{name}: no such option; there are {', '.join(known)}"
    for name, info in known.items():
        if name not in table:
            if info.required:
                yield f"{path}.{name}: missing; write {_expectation(info)}"
        elif info.type == tuple[Attribute, ...]:
            yield from _tables_problems(table[name], Attribute, f"{path}.{name}")
        elif nested := _struct_of(info):
            yield from _table_problems(table[name], nested, f"{path}.{name}")
        else:
            yield from _value_problems(table[name], info, f"{path}.{name}")


def _struct_of(info: FieldInfo) -> type[Struct] | None:
    return next((part for part in (info.type, *get_args(info.type)) if is_struct_type(part)), None)


def _value_problems(value: Any, info: FieldInfo, path: str) -> Iterator[str]:
    try:
        msgspec.convert(value, info.type)
    except msgspec.ValidationError as error:
        yield f"{path}: write {_expectation(info)} ({error})"


def _expectation(info: FieldInfo) -> str:
    for part in (info.type, *get_args(info.type)):
        if get_origin(part) is Annotated and isinstance(meta := get_args(part)[1], Meta) and meta.description:
            return meta.description
        if isinstance(part, type) and issubclass(part, Enum):
            return f"one of {', '.join(repr(member.value) for member in part)}"
    return f"a {info.name}"


def _meaning_problems(settings: Settings) -> Iterator[str]:
    yield from _repeated((d.name for d in settings.destination), "destination name {!r}: used twice; names are unique")
    yield from _repeated((r.name for r in settings.route), "route name {!r}: used twice; names are unique")
    places = (f"s3://{route.bucket}/{route.prefix}" for route in settings.route)
    yield from _repeated(places, "{}: two routes for one prefix; give one of them a longer prefix")
    for index, destination in enumerate(settings.destination):
        if not _is_private(destination.url):
            yield f"destination[{index}].url: write https:// (plain http is for loopback addresses only)"
    names = {destination.name for destination in settings.destination}
    for index, route in enumerate(settings.route):
        yield from _route_problems(route, names, f"route[{index}]")
    yield from _stack_problems(settings.stack)
    yield from _repeated((b.name for b in settings.bucket), "bucket name {!r}: two [[bucket]] tables; write one")
    routed = {route.bucket for route in settings.route}
    for index, bucket in enumerate(settings.bucket):
        yield from _bucket_problems(bucket, routed, f"bucket[{index}]")


def _route_problems(route: RouteSettings, destinations: set[str], path: str) -> Iterator[str]:
    if route.destination not in destinations:
        yield f"{path}.destination: no [[destination]] is named {route.destination!r}; there are {sorted(destinations)}"
    if route.schema == "model" and route.attribute:
        yield f'{path}.schema: write either schema = "model" or [[route.attribute]], not both'
    for option in ("input_content_type", "output_content_type"):
        content_type = getattr(route, option)
        if content_type and not media_of(content_type):
            yield f"{path}.{option}: rows are read from text/csv, application/json and application/jsonlines"
    yield from _repeated((a.name for a in route.attribute), path + ".attribute: two are named {!r}")
    placed = (f"{a.stage} {a.position}" for a in route.attribute if a.position is not None)
    yield from _repeated(placed, path + ".attribute: two share the position {}")


def _stack_problems(stack: StackSettings) -> Iterator[str]:
    asked_for = stack.max_concurrency + stack.backfill.max_concurrency
    if stack.reserved_concurrency is not None and stack.reserved_concurrency < asked_for:
        yield (
            f"stack.max_concurrency: write at most {stack.reserved_concurrency}, the reserved_concurrency, "
            "for the sum of it and backfill.max_concurrency; AWS throttles invocations beyond it"
        )
    if stack.batch_size > _BATCH_WITHOUT_WINDOW and not stack.batching_window_secs:
        yield f"stack.batching_window_secs: write 1 or more; a batch_size above {_BATCH_WITHOUT_WINDOW} needs a window"


def _bucket_problems(bucket: BucketSettings, routed: set[str], path: str) -> Iterator[str]:
    if bucket.name not in routed:
        yield f"{path}.name: no [[route]] names the bucket {bucket.name!r}; there are {sorted(routed)}"
    if bucket.create and bucket.account:
        yield f"{path}.account: remove it; a bucket that the stack makes is in the stack's own account"
    if not bucket.create and bucket.chosen_trigger is Trigger.S3:
        yield (
            f'{path}.trigger: write "eventbridge" and run `capture-forwarder enable-eventbridge {bucket.name}`; '
            "S3 keeps one notification configuration a bucket, and changing it can damage that of others"
        )


def _repeated(values: Iterable[str], sentence: str) -> Iterator[str]:
    return (sentence.format(value) for value, count in Counter(values).items() if count > 1)


def _is_private(url: str) -> bool:
    """Tell whether nobody else can read what goes there: TLS, or this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
