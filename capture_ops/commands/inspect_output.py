"""The output of `inspect`: each row at once, the summary at the end."""

import os
import sys
from itertools import islice
from pathlib import Path
from typing import TextIO

from msgspec import Struct
from rich.console import Console

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.delivery import Rejection, Skipped
from capture_forwarder.domain.inference import Inference, Value
from capture_ops.commands.inspect import Inspection, Part, as_json
from capture_ops.terminal.configuration import settings_of
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.tables import folded, record
from capture_ops.terminal.text import printable

_SHOWN_CHARS = 100


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command: each is that of the same name."""

    config: Path | None
    route: str | None
    key: str | None
    limit: int | None
    as_json: bool


def run(target: str, options: Options, console: Console) -> None:
    """Print the rows and rejections that `target` would give; with JSON the summary goes to stderr.

    Raises `CommandError`, `SettingsError`, `Unavailable`.
    """
    inspection = Inspection(target, _settings(options), options.route, options.key)
    for part in islice(inspection, options.limit):
        _print(as_json(part) + "\n" if options.as_json else _shown(part, console.width), sys.stdout)
    notes = [*inspection.notes(), inspection.summary()]
    if inspection.yielded == options.limit:
        notes.insert(0, f"--limit {options.limit} ends the inspection here.")
    has_width = not options.as_json and (console.is_terminal or "COLUMNS" in os.environ)
    for note in notes:
        lines = folded(note, console.width) if has_width else [note]
        _print("\n".join(lines) + "\n", sys.stderr if options.as_json else sys.stdout)


def _settings(options: Options) -> Settings | None:
    """Return the configuration if an option needs it."""
    if options.config is None:
        if options.route is None and options.key is None:
            return None
        if CONFIG_VARIABLE not in os.environ and not Path("forwarder.toml").exists():
            raise CommandError("--route and --key name a route of a configuration; give --config FILE too")
    return settings_of(options.config)


def _print(text: str, file: TextIO) -> None:
    """Write at once: a reader sees each row as soon as it is read."""
    file.write(text)
    file.flush()


def _shown(part: Part, width: int) -> str:
    """Return the lines of one row; captured text is escaped."""
    match part:
        case Inference():
            first = f"{_place(part)}: inference {part.partner_inference_id}"
            pairs = [("inputs", _values(part.inputs)), ("outputs", _values(part.outputs))]
        case Rejection():
            first = f"{_place(part)}: rejection {part.code}"
            pairs = [("partner inference id", part.partner_inference_id or ""), ("why", part.why)]
        case Skipped():
            first, pairs = f"line {part.line}: skipped {part.reason}", []
    escaped = [(name, printable(text)) for name, text in pairs]
    return "\n".join(record(printable(first), escaped, width)) + "\n"


def _place(part: Inference | Rejection) -> str:
    return f"line {part.line}" if part.index is None else f"line {part.line}, row {part.index}"


def _values(values: dict[str, Value]) -> str:
    # A value takes at least one character, so the first values are enough.
    text = ", ".join(f"{name}={value}" for name, value in islice(values.items(), _SHOWN_CHARS))
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}... ({len(values)} values)"
