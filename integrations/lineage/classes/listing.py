"""Lists that are read when they are used, and whole: so entities may be deleted while a list is walked through."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, TypeVar, overload

from integrations.lineage.errors import Invalid
from integrations.lineage.times import moment

_Item = TypeVar("_Item")
_SORTS = {"CreationTime": "created", "Name": "name", "LastModifiedTime": "modified"}
_ORDERS = {"Ascending": True, "Descending": False}


class Listing(Sequence[_Item], Generic[_Item]):
    """A sequence whose pages are read at the first use."""

    def __init__(self, read: Callable[[], Iterable[_Item]]) -> None:
        self._read = read
        self._items: list[_Item] | None = None

    @overload
    def __getitem__(self, at: int) -> _Item: ...

    @overload
    def __getitem__(self, at: slice) -> list[_Item]: ...

    def __getitem__(self, at: int | slice) -> _Item | list[_Item]:
        return self._all()[at]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[_Item]:
        return iter(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> list[_Item]:
        if self._items is None:
            self._items = list(self._read())
        return self._items


def time(value: str | datetime | None) -> datetime | None:
    """Return a time with a zone. Without one it is local time, as boto3 takes it."""
    return None if value is None else moment(value, None)


def sort(sort_by: str) -> str:
    """Return the order of `listing` for the API's SortBy."""
    if sort_by not in _SORTS:
        raise Invalid(f"sort_by is {sort_by!r}; it must be one of {', '.join(_SORTS)}")
    return _SORTS[sort_by]


def ascending(sort_order: str) -> bool:
    """Return whether the API's SortOrder is ascending."""
    if sort_order not in _ORDERS:
        raise Invalid(f"sort_order is {sort_order!r}; it must be one of {', '.join(_ORDERS)}")
    return _ORDERS[sort_order]


def most(max_results: int | None) -> int | None:
    """Return the limit of a list. Pages of SageMaker are followed up to it."""
    if max_results is not None and max_results < 1:
        raise Invalid(f"max_results is {max_results}; it must be 1 or more")
    return max_results
