"""The shape of `forwarder.toml`: unknown and missing options, and values of another form.

The check also returns the settings as far as they are right, so that options which do not fit together are found in the
same run. A stand-in takes the place of each wrong or missing value, and no problem that a stand-in causes is shown.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from capture_forwarder.configuration.options import Option, common_options, options, tables, tag_of
from capture_forwarder.configuration.places import path_of
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.suggestions import did_you_mean, near

_STAND_IN = "0-stand-in-"  # no name in a file begins so by chance
_STAND_IN_ROLE = "arn:aws:iam::000000000000:role/"
_STAND_IN_REGION = "xx-stand-in-0"
_STAND_IN_LISTS = (["subnet-00000000"], ["sg-00000000"])
_KINDS: dict[type, str] = {
    str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table",
}  # fmt: skip


class Shape:
    """The check of one document: its `problems`, and its `settings` with stand-ins."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.problems: list[str] = []
        self._replaced: set[str] = set()
        self.settings = msgspec.convert(self._table(document, (Settings,), ""), Settings)

    def is_caused_by_a_stand_in(self, problem: str) -> bool:
        """Tell whether a problem of `settings` is about a value that is not in the file."""
        return (
            _STAND_IN in problem
            or path_of(problem) in self._replaced
            or any("." in path and re.search(rf"(?<![\w.]){re.escape(path)}(?!\w)", problem) for path in self._replaced)
        )

    def _table(self, table: dict[str, Any], structs: Sequence[type[Struct]], path: str) -> dict[str, Any]:
        """Note the problems of the table at `path`, and return its right options and stand-ins.

        Of several structs the table chooses one by its tag. Without a valid tag the options that all of them have are
        checked, and the first struct is the stand-in.
        """
        chosen = next((one for one in structs if _is_chosen(one, table)), None)
        known = {option.name: option for option in (options(chosen) if chosen else common_options(structs))}
        of_others = set() if chosen else {option.name for one in structs for option in options(one)}
        below = f"{path}." if path else ""
        for name in sorted(table.keys() - known.keys() - of_others):
            self.problems.append(_unknown(name, known, below))
        right = self._options(table, known, below)
        for option in () if chosen else options(structs[0]):
            if option.required and option.name not in right:
                self._replaced.add(f"{below}{option.name}")
                right[option.name] = self._stand_in(option)
        return right

    def _options(self, table: dict[str, Any], known: dict[str, Option], below: str) -> dict[str, Any]:
        right: dict[str, Any] = {}
        for name, option in known.items():
            place = f"{below}{name}"
            found = self._option(table[name], option, place) if name in table else []
            if name not in table and option.required:
                self.problems.append(_missing(option, place))
            if found:
                right[name] = found[0]
            elif option.required or name in table:
                self._replaced.add(place)
                if option.required:
                    right[name] = self._stand_in(option)
        return right

    def _option(self, value: Any, option: Option, path: str) -> list[Any]:
        """Note the problems of a value; return a list with the value, or an empty list if it is wrong."""
        if not option.tables:
            found = list(_value_problems(value, option, path))
            self.problems += found
            return [] if found else [value]
        if not option.repeated:
            return self._inner(value, option, path)
        if isinstance(value, dict):
            self.problems.append(brackets_missing(path))
            value = [value]
        if not isinstance(value, list) or not value:
            self.problems.append(_missing(option, path))
            return []
        inner = [self._inner(each, option, f"{path}[{index}]") for index, each in enumerate(value)]
        return [[each for found in inner for each in found]] if all(inner) else []

    def _inner(self, value: Any, option: Option, path: str) -> list[Any]:
        if isinstance(value, dict):
            return [self._table(value, option.tables, path)]
        self.problems.append(f"{path}: write a table, {_heading(path, option)}")
        return []

    def _stand_in(self, option: Option) -> Any:
        """Return a value that `option` accepts."""
        if option.tables:
            inner = {one.name: self._stand_in(one) for one in options(option.tables[0]) if one.required}
            return [inner] if option.repeated else inner
        name = f"{_STAND_IN}{len(self._replaced)}"
        texts = [*option.choices, name, f"{name}/", f"https://{name}", f"ssm:/{name}", f"{_STAND_IN_ROLE}{name}"]
        return next(each for each in [*texts, _STAND_IN_REGION, *_STAND_IN_LISTS] if _fits(each, option))


def _is_chosen(struct: type[Struct], table: dict[str, Any]) -> bool:
    tag = tag_of(struct)
    return tag is None or table.get(tag[0]) == tag[1]


def brackets_missing(path: str) -> str:
    """Return the problem of a `[table]` in place of one of several `[[table]]`."""
    name = re.sub(r"\[\d+\]", "", path)
    return f"{path}: write [[{name}]], with two brackets, in place of [{name}]; there may be several"


def _missing(option: Option, path: str) -> str:
    if option.repeated:
        return f"{path}: write at least one {_heading(path, option)}"
    return f"{path}: missing; write {option.write}"


def _heading(path: str, option: Option) -> str:
    """Return the head of the table at `path`, such as `[[route.attribute]]` at `route[0].attribute`."""
    return option.heading(re.sub(r"\[\d+\]", "", path))


def _unknown(name: str, known: dict[str, Option], below: str) -> str:
    """Return the problem of an option that its table does not have, with the nearest names or all of them."""
    # A name with other characters is no part of a path.
    shown = f"{below}{name}" if re.fullmatch(r"[\w-]+", name) else f"{below[:-1]}{': ' * bool(below)}{json.dumps(name)}"
    there = {each.name: _heading(f"{below}{each.name}", each) if each.tables else each.name for each in known.values()}
    if found := near(name, there):
        instead = f"did you mean {' or '.join(there[each] for each in found)}?"
    elif elsewhere := [heading for heading, struct in tables(Settings) if name in struct.__struct_fields__]:
        instead = f"it is an option of {' and '.join(elsewhere)}"
    else:
        instead = f"there are {', '.join(there.values())}"
    return f"{shown}: no such option; {instead}"


def _value_problems(value: Any, option: Option, path: str) -> Iterator[str]:
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
    if any(isinstance(each, str) and each.endswith("\n") for each in inner):
        yield f"{path}: remove the line end at the end"  # `$` in a pattern matches before it
    elif not _fits(value, option):
        yield f"{path}: write {option.write}{_hint(value, option)}"


def _hint(value: Any, option: Option) -> str:
    """Return how a wrong value differs from a right one, as far as that is known. The value is not shown."""
    if not isinstance(value, str):
        kind = _KINDS.get(type(value), "a date")
        return "" if _fits_some(type(value), option) else f"; this is {kind}"
    if option.choices:
        return did_you_mean(value, option.choices)
    with suppress(ValueError):
        if _fits(json.loads(value), option):
            return "; remove the quotes"
    return "" if _fits_some(str, option) else "; this is text"


def _fits(value: Any, option: Option) -> bool:
    try:
        msgspec.convert(value, option.value_type)
    except msgspec.ValidationError:
        return False
    return True


def _fits_some(kind: type, option: Option) -> bool:
    """Tell whether some value of `kind` may be right."""
    return kind in option.kinds
