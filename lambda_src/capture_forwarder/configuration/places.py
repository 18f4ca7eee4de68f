"""Where a problem is in the file: its line, and the name of its route, destination or bucket.

Problems name their place by a path such as `route[0].prefix`. People find it by the line and by `route "churn"`.
The parser of Python's library knows no lines. So the text is parsed again, one statement at a time, when a problem is
shown.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

_PATH = re.compile(r"((?:[\w-]+(?:\[\d+\])?\.)*[\w-]+(?:\[\d+\])?): ")
_NAMED = re.compile(r"(route|destination|bucket) '([^']*)'")
_INDEX = re.compile(r"\[(\d+)\]")
_MAX_NAME_CHARS = 63
_FIRST = "[0]"


def path_of(problem: str) -> str:
    """Return the path at the beginning of `problem`, or empty text."""
    found = _PATH.match(problem)
    return found[1] if found else ""


class Places:
    """The places of a parsed file. `shown` describes a problem for people."""

    def __init__(self, text: str = "", document: dict[str, Any] | None = None) -> None:
        self._document = document or {}
        self._lines = dict(_lines(text)) if document else {}

    def shown(self, problem: str) -> str:
        """Return `problem` with its line, and with names in place of indexes."""
        line, path = self.line(problem), path_of(problem)
        shown = f"{self._named(path)}{problem[len(path) :]}" if path else problem
        return f"line {line}, {shown}" if line else shown

    def line(self, problem: str) -> int:
        """Return the line of the problem's place; if that is missing, of the table around it; 0 if neither is known."""
        path = path_of(problem) or self._path_of_name(problem)
        while path:
            spellings = (path, path.replace(_FIRST, ""), path + _FIRST)
            if found := next((self._lines[each] for each in spellings if each in self._lines), 0):
                return found
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return 0

    def path_at(self, line: int) -> str:
        """Return the path of the table or option that begins at `line`; empty text if there is none."""
        return next((path for path, begun in self._lines.items() if begun == line), "")

    def _path_of_name(self, problem: str) -> str:
        named = _NAMED.match(problem)
        tables = self._document.get(named[1]) if named else None
        if named is None or not isinstance(tables, list):
            return ""
        indexes = (index for index, one in enumerate(tables) if _name_in(one) == named[2])
        return next((f"{named[1]}[{index}]" for index in indexes), "")

    def _named(self, path: str) -> str:
        """Return a path such as `route[0].attribute[1].stage` as `route "churn", attribute "age", stage`."""
        shown, here = "", self._document
        value: Any = here
        for part in path.split("."):
            key, index = part.partition("[")[0], _INDEX.search(part)
            value = value.get(key) if isinstance(value, dict) else None
            if index is None:
                shown += f"{key}."
                continue
            value = value[int(index[1])] if isinstance(value, list) and int(index[1]) < len(value) else value
            name = _name_in(value)
            shown += f"{key} {json.dumps(name, ensure_ascii=False) if name else int(index[1]) + 1}, "
        return shown.rstrip("., ")


def _name_in(table: Any) -> str:
    """Return the name of a table; empty text if it has none that can be shown."""
    name = table.get("name") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name.isprintable() and len(name) <= _MAX_NAME_CHARS else ""


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield path and line of every table and option of valid TOML."""
    heading, counts = "", Counter[str]()
    for line, statement in _statements(text):
        keys, value = _key_of(statement)
        if not keys:
            continue
        path = ".".join(keys)
        if not statement.lstrip().startswith("["):
            path = f"{heading}.{path}" if heading else path
            yield path, line
            yield from _elements(path, value, statement, line)
            continue
        heading = _indexed(keys[:-1], counts)
        heading = f"{heading}.{keys[-1]}" if heading else keys[-1]
        if isinstance(value, list):
            counts[heading] += 1
            heading = f"{heading}[{counts[heading] - 1}]"
        yield heading, line


def _elements(path: str, value: Any, statement: str, line: int) -> Iterator[tuple[str, int]]:
    """Yield path and line of every table in a list, if each begins a line."""
    begun = [at for at, each in enumerate(statement.split("\n"), start=line) if each.lstrip().startswith("{")]
    if isinstance(value, list) and len(begun) == len(value):
        yield from ((f"{path}[{index}]", at) for index, at in enumerate(begun))


def _indexed(keys: list[str], counts: Counter[str]) -> str:
    """Return the path of a table's parents, each with the index of its last table."""
    path = ""
    for key in keys:
        path = f"{path}.{key}" if path else key
        path += f"[{counts[path] - 1}]" if counts[path] else ""
    return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every statement: a heading or an option, which may have several lines."""
    statement, begun = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        begun = begun if statement else number
        is_first = not statement
        statement += line + "\n"
        # A list of many lines is not parsed again at each of them.
        if (is_first or not line.rstrip().endswith(",")) and _is_whole(statement):
            yield begun, statement
            statement = ""


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _key_of(statement: str) -> tuple[list[str], Any]:
    """Return the keys that lead to the value of a statement, and the value; a heading has an empty one."""
    value: Any = tomllib.loads(statement)
    is_heading = statement.lstrip().startswith("[")
    depth = len(_keys_in(statement))
    keys: list[str] = []
    while isinstance(value, dict) and value and (is_heading or len(keys) < depth):
        key, value = next(iter(value.items()))
        keys.append(key)
        if isinstance(value, list) and is_heading:
            break
    return keys, value


def _keys_in(statement: str) -> list[str]:
    """Return the dotted keys before the = of an option; quoted keys count as one each."""
    return re.findall(r"\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+", statement.partition("=")[0])
