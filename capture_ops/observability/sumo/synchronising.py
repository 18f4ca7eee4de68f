"""Makes the objects of one kind in Sumo Logic equal to the wanted ones, and leaves those of others alone."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from capture_ops.observability.sumo.api import Document
from capture_ops.observability.sumo.failures import SumoFailure
from capture_ops.observability.sumo.journal import Journal

# The API names one type for an import, another one in its answers, and a third one for an update.
_NOT_COMPARED = frozenset({"type"})


class Kind(Struct, frozen=True, kw_only=True):
    """How objects of one kind are found and changed. Own ones have the text `mark` in their option `marked`."""

    name: str
    marked: str
    mark: str
    create: Callable[[Document], object]
    update: Callable[[Document, Document], object]
    delete: Callable[[Document], object]

    def is_own(self, found: Document) -> bool:
        """Tell whether `sumo setup` made an object."""
        return self.mark in str(found.get(self.marked) or "")


def synchronise(kind: Kind, wanted: Mapping[str, Document], found: Iterable[Document], journal: Journal) -> None:
    """Create, update and delete own objects until they equal those of `wanted`, by name.

    Raises `SumoFailure` for an object of a wanted name that someone else made.
    """
    by_name = {each["name"]: each for each in found}
    for name, body in wanted.items():
        there = by_name.get(name)
        if there is None:
            journal.change("create", kind.name, name, partial(kind.create, body))
        elif not kind.is_own(there):
            raise SumoFailure(f"there is a {kind.name} {name} that sumo setup did not make; rename or remove it")
        elif differs(body, there):
            journal.change("update", kind.name, name, partial(kind.update, there, body))
    for name, there in by_name.items():
        if name not in wanted and kind.is_own(there):
            journal.change("delete", kind.name, name, partial(kind.delete, there))


def differs(wanted: Any, found: Any) -> bool:
    """Tell whether an option of `wanted` has another value in `found`. Options that only `found` has are ignored."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return any(differs(value, found.get(name)) for name, value in wanted.items() if name not in _NOT_COMPARED)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) != len(found) or any(map(differs, wanted, found))
    return bool(wanted != found)
