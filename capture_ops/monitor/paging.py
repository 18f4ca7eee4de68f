"""Pages of stored inferences, for people who look into the monitor. Numbers have the names of Arthur's own pages."""

from collections.abc import Mapping

from msgspec import Struct

from capture_ops.monitor.store import Store, StoredInference

_PAGE_SIZE = 50
_MAX_PAGE_SIZE = 1000
_MAX_PAGE = 1_000_000


class InvalidPage(Exception):
    """A number of the query is not valid."""


class InferencesAnswer(Struct, frozen=True):
    """One page of the inferences of a model, in the order of their first arrival."""

    data: list[StoredInference]
    page: int
    page_size: int
    total_pages: int
    total_count: int


def inferences_page(store: Store, model_id: str, query: Mapping[str, str]) -> InferencesAnswer:
    """Return the page that `page`, from 1, and `page_size` of `query` name. Raises `InvalidPage`.

    A page after the last one is empty.
    """
    page = _number(query, "page", 1, _MAX_PAGE)
    size = _number(query, "page_size", _PAGE_SIZE, _MAX_PAGE_SIZE)
    count = store.count(model_id)
    data = store.inferences(model_id, size, (page - 1) * size)
    return InferencesAnswer(data, page, size, -(-count // size), count)


def _number(query: Mapping[str, str], name: str, default: int, highest: int) -> int:
    text = query.get(name, str(default))
    # int() accepts signs, spaces and digits of other scripts, and refuses very long texts with another error.
    if text.isascii() and text.isdecimal() and len(text) <= len(str(highest)) and 1 <= int(text) <= highest:
        return int(text)
    raise InvalidPage(f"{name} must be a whole number from 1 to {highest}")
