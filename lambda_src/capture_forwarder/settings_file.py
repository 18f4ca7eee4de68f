"""Reads `forwarder.toml` and says everything that is wrong with it at once."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from capture_forwarder.domain.schema import Attribute
from capture_forwarder.formats.media import known_content_type
from capture_forwarder.settings import DestinationSettings, FunctionSettings, RouteSettings, Settings

Table = dict[str, Any]


class SettingsError(Exception):
    """The configuration cannot be used; the message lists every problem, one a line."""

    def __init__(self, origin: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"{origin} has {len(problems)} problem(s):", *(f"  {text}" for text in problems)]))


def read_settings(path: Path) -> Settings:
    """Return the settings in `path`. Raises `SettingsError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [f"cannot be read: {error}"]) from error
    return parse_settings(text, str(path))


def parse_settings(text: str, origin: str = "forwarder.toml") -> Settings:
    """Return the settings in `text`. Raises `SettingsError`, in which `origin` names the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(origin, [f"is not TOML: {error}"]) from error
    if problems := list(_shape_problems(document)):
        raise SettingsError(origin, problems)
    settings = msgspec.convert(document, Settings)
    if problems := list(_meaning_problems(settings)):
        raise SettingsError(origin, problems)
    return settings


def _shape_problems(document: Table) -> Iterator[str]:
    for key in sorted(document.keys() - {"destination", "route", "function"}):
        yield f"{key}: no such table; there are [function], [[destination]] and [[route]]"
    yield from _table_problems(document.get("function", {}), FunctionSettings, "function")
    yield from _tables_problems(document.get("destination"), DestinationSettings, "destination")
    yield from _tables_problems(document.get("route"), RouteSettings, "route")


def _tables_problems(tables: Any, struct: type, path: str) -> Iterator[str]:
    if not isinstance(tables, list) or not tables:
        yield f"{path}: write at least one [[{path}]]"
        return
    for index, table in enumerate(tables):
        yield from _table_problems(table, struct, f"{path}[{index}]")


def _table_problems(table: Any, struct: type, path: str) -> Iterator[str]:
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
        else:
            yield from _value_problems(table[name], info, f"{path}.{name}")


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


def _route_problems(route: RouteSettings, destinations: set[str], path: str) -> Iterator[str]:
    if route.destination not in destinations:
        yield f"{path}.destination: no [[destination]] is named {route.destination!r}; there are {sorted(destinations)}"
    if route.schema == "model" and route.attribute:
        yield f'{path}.schema: write either schema = "model" or [[route.attribute]], not both'
    for option in ("input_content_type", "output_content_type"):
        content_type = getattr(route, option)
        if content_type and not known_content_type(content_type):
            yield f"{path}.{option}: rows are read from text/csv, application/json and application/jsonlines"
    yield from _repeated((a.name for a in route.attribute), path + ".attribute: two are named {!r}")
    placed = (f"{a.stage} {a.position}" for a in route.attribute if a.position is not None)
    yield from _repeated(placed, path + ".attribute: two share the position {}")


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
