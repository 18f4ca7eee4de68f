"""Reads `forwarder.toml`; one error lists every problem, with its line, its place and the right values."""

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from capture_forwarder.configuration.meaning import meaning_problems
from capture_forwarder.configuration.options import options
from capture_forwarder.configuration.places import Places
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.shape import Shape, brackets_missing

Check = Callable[[Settings], Iterable[str]]

_BYTE_ORDER_MARK = "\ufeff"
_NO_PLACES = Places()
_LISTS = tuple(option.name for option in options(Settings) if option.repeated)
# The heading of one table in place of that of a list of tables.
_SINGLE = re.compile(
    rf"^([ \t]*)(\[[ \t]*(?:{'|'.join(_LISTS)}|route[ \t]*\.[ \t]*attribute)[ \t]*\])([ \t]*(?:#.*)?)$", re.MULTILINE
)


def _no_extra_checks(_: Settings) -> Iterable[str]:
    return ()


class SettingsError(Exception):
    """The configuration cannot be used.

    `problems` has a sentence for each problem, which begins with its path. The message lists them in the order of the
    file, one a line, with line numbers and names.
    """

    def __init__(self, origin: str, problems: list[str], places: Places = _NO_PLACES) -> None:
        self.problems = problems
        lines = (f"  {places.shown(problem)}" for problem in sorted(problems, key=places.line))
        super().__init__("\n".join([f"{origin} has {len(problems)} problem(s):", *lines]))


def read_settings(path: Path, extra_checks: Check = _no_extra_checks) -> Settings:
    """Return the settings in `path`. Raises `SettingsError` with all problems, those of `extra_checks` included."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(str(path), ["cannot be read: it is not UTF-8; save it as UTF-8 text"]) from error
    except IsADirectoryError as error:
        raise SettingsError(str(path), ["cannot be read: it is a folder; name the file in it"]) from error
    except PermissionError as error:
        raise SettingsError(str(path), ["cannot be read: permission denied; allow this user to read it"]) from error
    except OSError as error:
        advice = "write it, or name another file by --config or CAPTURE_FORWARDER_CONFIG"
        raise SettingsError(str(path), [f"cannot be read: {error.strerror}; {advice}"]) from error
    except ValueError as error:  # a null character
        raise SettingsError(repr(str(path)), ["cannot be read: no file has such a name"]) from error
    return parse_settings(text, str(path), extra_checks)


def parse_settings(text: str, origin: str = "forwarder.toml", extra_checks: Check = _no_extra_checks) -> Settings:
    """Return the settings in `text`. Raises `SettingsError`.

    `origin` is the path of the file: errors name it, and paths in the file are relative to its folder.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    document, text, problems = _parsed(text, origin)
    shape = Shape(document)
    problems += shape.problems
    settings = shape.settings.with_paths_in(Path(origin).parent)
    found = [*meaning_problems(settings), *extra_checks(settings)]
    problems += found if not problems else [one for one in found if not shape.is_caused_by_a_stand_in(one)]
    if problems:
        raise SettingsError(origin, problems, Places(text, document))
    return settings


def _parsed(text: str, origin: str) -> tuple[dict[str, Any], str, list[str]]:
    """Return the document, its text and its problems; `[route]` is read as `[[route]]`. Raises `SettingsError`."""
    try:
        document = tomllib.loads(text)
        if not any(isinstance(document.get(name), dict) for name in _LISTS):
            return document, text, []
    except tomllib.TOMLDecodeError:
        document = {}
    meant = _SINGLE.sub(r"\1[\2]\3", text)
    try:
        document = tomllib.loads(meant)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(origin, [f"is not TOML: {error}{_advice(error)}"]) from error
    places = Places(meant, document)
    lines = (text.count("\n", 0, head.start(2)) + 1 for head in _SINGLE.finditer(text))
    return document, meant, [brackets_missing(places.path_at(line)) for line in lines]


def _advice(error: tomllib.TOMLDecodeError) -> str:
    return '; text stands in quotes, as in name = "churn"' if str(error).startswith("Invalid value") else ""
