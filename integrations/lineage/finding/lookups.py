"""The texts by which a person names an entity, checked before the first call."""

import re
from collections.abc import Iterator, Mapping

from integrations.lineage.errors import Invalid

SOURCE_CHARS, TYPE_CHARS = 2048, 256
_NAME_CHARS, _SHOWN_CHARS = 120, 60
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_NAME_CHARS}}}").fullmatch
_LINE_ENDS = ("\n", "\r", "\x85", "\u2028", "\u2029")


def check_lookups(*texts: str) -> None:
    """Raise `Invalid` with all texts that can be no ARN, name or URI, before the first call."""
    if wrong := [problem for text in dict.fromkeys(texts) for problem in _lookup_problems(text)]:
        raise Invalid("\n".join(wrong))


def check_filters(filters: Mapping[str, tuple[str | None, int]]) -> None:
    """Raise `Invalid` with all filters of a list that are empty or longer than their number of characters."""
    wrong = [f"the {what} is empty" for what, (text, _) in filters.items() if text is not None and not text.strip()]
    wrong += [
        f"the {what} has {len(text)} characters; at most {most} are allowed"
        for what, (text, most) in filters.items()
        if text and len(text) > most
    ]
    if wrong:
        raise Invalid("\n".join(wrong))


def _lookup_problems(text: str) -> Iterator[str]:
    if not text.strip():
        yield "an ARN, name or URI is empty"
    elif not is_source(text) and not _NAME(text):
        yield f"{_short(text)} is no ARN, name or URI; a name has 1 to {_NAME_CHARS} letters, digits, - and _"
    elif len(text) > SOURCE_CHARS:
        yield f"{_short(text)} has {len(text)} characters; a URI has at most {SOURCE_CHARS}"
    elif len(text.splitlines()) > 1 or text.endswith(_LINE_ENDS):
        yield f"{_short(text)} has the end of a line in it; a URI has one line"


def _short(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}...")


def is_source(text: str) -> bool:
    """Return whether the text can be no name."""
    return "/" in text or ":" in text
