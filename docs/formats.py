"""The tables of `docs/formats.md` that are made from code and goldens: keys that are not data, and worked pairs."""

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from capture_forwarder.payloads.not_data import ALL

PAGE = Path("docs/formats.md")
PAIRS = Path("tests/golden/pairs.json")
# The content types that a reader expects of CSV and JSON; any other is shown before the text.
_PLAIN_TYPES = ("text/csv", "application/json", "application/jsonlines")


def formats_page() -> str:
    """Return `docs/formats.md`, with its two tables written again between their comments."""
    page = filled(PAGE.read_text(encoding="utf-8"), "not data", not_data_table())
    return filled(page, "pairs", pairs_table(json.loads(PAIRS.read_text(encoding="utf-8"))))


def not_data_table() -> list[str]:
    """Return the table of keys that are left out beside rows."""
    rows = (
        (one.server, one.recognised_by, ", ".join(key if " " in key else f"`{key}`" for key in one.keys)) for one in ALL
    )
    return table(("server", "recognised by", "left out beside rows"), rows)


def pairs_table(pairs: list[dict[str, Any]]) -> list[str]:
    """Return the table of worked pairs."""
    rows = ((_server(pair), _side(pair["request"]), _side(pair["answer"]), _result(pair)) for pair in pairs)
    return table(("server or algorithm", "request", "answer", "becomes"), rows)


def _server(pair: dict[str, Any]) -> str:
    name = f"[{pair['server']}]({pair['source']})" if "source" in pair else pair["server"]
    chosen = [f"`{option} = {json.dumps(value)}`" for option, value in pair.get("options", {}).items()]
    return ", ".join([name, *chosen])


def _side(side: dict[str, str]) -> str:
    declared = side["content_type"]
    shown = _text(side)
    if declared.split(";")[0] not in _PLAIN_TYPES or "header" in declared:
        shown = f"{declared}: {shown}"
    return _code(shown)


def _text(side: dict[str, str]) -> str:
    """Return the text of a side on one line, with a sign for each line end between rows."""
    text = side["data"]
    if side["encoding"] == "BASE64":
        body = base64.b64decode(text)
        if not body.isascii():
            return "(bytes)"
        text = body.decode()
    if text.startswith("{\n"):
        return re.sub(r"\s*\n\s*", "", text)
    return " ⏎ ".join(text.splitlines())


def _result(pair: dict[str, Any]) -> str:
    if "rejection" in pair:
        words = " and ".join(f"`{word}`" if "_" in word else f'"{word}"' for word in pair["why_names"])
        return f"**rejected**, `{pair['rejection']}`: {words}"
    rows = pair["rows"]
    first = f"**{len(rows)}**: {_values(rows[0]['inputs'])} → {_values(rows[0]['outputs'])}"
    refused = [f"row {index} is rejected, `{row['rejection']}`" for index, row in enumerate(rows) if "rejection" in row]
    return "; ".join([first, *refused]) + (" ..." if len(rows) > 1 and not refused else "")


def _values(values: dict[str, Any]) -> str:
    if not values:
        return "no values"
    return _code(", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in values.items()))


def _code(text: str) -> str:
    return f"`{text}`"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a table; GitHub ends a cell at `|` also between backticks, unless a backslash stands before it."""
    lines = [[cell.replace("|", "\\|") for cell in cells] for cells in rows]
    return [_line(heads), "|" + "---|" * len(heads), *map(_line, lines)]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def filled(page: str, name: str, table: list[str]) -> str:
    """Return `page` with `table` between its comments. Raises `ValueError` if the page has not both of them once."""
    before, opening, rest = page.partition(f"<!-- {name}: written by docs/generate.py -->\n")
    _, closing, after = rest.partition(f"<!-- end of {name} -->")
    if not closing:
        raise ValueError(f"the page has no comments around its table: {name}")
    return f"{before}{opening}\n" + "\n".join(table) + f"\n\n{closing}{after}"
