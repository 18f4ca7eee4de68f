"""`lineage import` and `lineage export`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from capture_ops.commands.lineage_entities import report
from capture_ops.commands.lineage_querying import lineage
from capture_ops.terminal.errors import CommandError
from capture_ops.terminal.extras import missing
from integrations.lineage import Lineage
from integrations.lineage.documents.files import YamlMissing, json_text, read_text, yaml_text
from integrations.lineage.errors import Invalid
from integrations.lineage.graph import Direction
from integrations.lineage.walking.querying import Options

__all__ = ["exported", "import_file", "is_yaml", "lineage"]
_YAML = {".yaml", ".yml"}


def import_file(store: Lineage, file: Path, echo: Callable[[str], Any], *, allow_cycle: bool, dry_run: bool) -> None:
    """Create what a file describes, and print the steps."""
    yaml = True if file.suffix in _YAML else False if file.suffix == ".json" else None
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        content = read_text(text, yaml=yaml)
    except UnicodeDecodeError:
        raise CommandError(f"{file}: the file is not in UTF-8; save it so") from None
    except Invalid as error:
        raise CommandError("\n".join(f"{file}: {line}" for line in str(error).split("\n"))) from error
    except YamlMissing as error:
        raise CommandError(missing("lineage")) from error
    report(store.import_content(content, allow_cycle=allow_cycle, dry_run=dry_run), echo, dry_run=dry_run)


def is_yaml(output: Path | None, format_: str | None) -> bool:
    """Return whether a document is written as YAML: as --format says, else as the name of the file says."""
    return format_ == "yaml" if format_ else output is not None and output.suffix in _YAML


def exported(store: Lineage, entities: Sequence[str], way: tuple[str, int], yaml: bool) -> str:  # noqa: FBT001 - a format
    """Return the document of everything around some entities as text."""
    content = store.export(entities, Options(direction=Direction(way[0]), depth=way[1]))
    try:
        return yaml_text(content) if yaml else json_text(content)
    except YamlMissing as error:
        raise CommandError(missing("lineage")) from error
