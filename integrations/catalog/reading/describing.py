"""Lists entities of a kind, and describes each, several at the same time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from integrations.catalog.nodes import Severity
from integrations.catalog.options import Pattern
from integrations.catalog.reading.calls import CallFailed, Calls
from integrations.catalog.reading.decoding import Malformed
from integrations.catalog.reading.errors import MALFORMED, REPORT
from integrations.catalog.reading.operations import FEATURE_GROUPS, Listing
from integrations.catalog.values import Document

Item = TypeVar("Item")
Result = TypeVar("Result")


class Describing:
    """Reads entities of one kind after the other.

    `documents` has each answer by its ARN, and `filtered` the names that patterns left out.
    """

    def __init__(self, calls: Calls, pool: ThreadPoolExecutor) -> None:
        self._calls = calls
        self._pool = pool
        self.documents: dict[str, Document] = {}
        self.filtered: list[str] = []

    def read(
        self, listing: Listing, pattern: Pattern | None, decode: Callable[[Document], Result]
    ) -> tuple[Result, ...]:
        """Return every entity of a kind that `pattern` takes, in the order of the listing.

        An entity that cannot be described, or is malformed, is left out and reported as a failure.
        """
        items = self._items(listing, pattern)
        answers = self.each(items, lambda item: self._answer(listing, item))
        # In this thread: msgspec 0.22 can crash when threads convert to one type for the first time.
        found = [
            self._value(listing, item, answer, decode)
            for item, answer in zip(items, answers, strict=True)
            if answer is not None
        ]
        return tuple(each for each in found if each is not None)

    def each(self, items: Iterable[Item], function: Callable[[Item], Result]) -> list[Result]:
        """Return the results of `function` for every item, in order; several run at the same time."""
        return list(self._pool.map(function, items))

    def keep(self, arn: str, document: Document) -> None:
        """Keep the whole answer for the entity with this ARN."""
        self.documents[arn] = document

    def report_malformed(self, place: str, error: Malformed) -> None:
        """Report an answer that lacks a field or has one of another type."""
        self._calls.report(Severity.FAILURE, MALFORMED, place, REPORT, str(error))

    def _items(self, listing: Listing, pattern: Pattern | None) -> list[Document]:
        """Return the items of the listing, each once: entities that appear meanwhile shift the pages."""
        found: dict[str, Document] = {}
        for item in self._calls.items(listing.list, listing.items, **listing.filters):
            name, by = item.get(listing.name), item.get(listing.by)
            if not isinstance(name, str) or not isinstance(by, str):
                self.report_malformed(listing.list, Malformed(f"an item has no {listing.name}"))
            elif pattern and not pattern.takes(_short_name(listing, name)):
                self.filtered.append(name)
            else:
                found[by] = item
        return list(found.values())

    def _answer(self, listing: Listing, item: Document) -> Document | None:
        try:
            return self._description(listing, item[listing.name], item[listing.by])
        except CallFailed:
            return None
        except Malformed as error:
            self.report_malformed(item[listing.name], error)
            return None

    def _value(
        self, listing: Listing, item: Document, document: Document, decode: Callable[[Document], Result]
    ) -> Result | None:
        name = item[listing.name]
        try:
            value = decode(document)
        except Malformed as error:
            self.report_malformed(name, error)
            return None
        self.keep(str(document.get(listing.arn) or item.get(listing.arn) or name), document)
        return value

    def _description(self, listing: Listing, place: str, by: str) -> Document:
        if listing is FEATURE_GROUPS:
            return self._feature_group(place, by)
        return self._calls.call(listing.describe, place, {listing.parameter: by})

    def _feature_group(self, place: str, name: str) -> Document:
        """Return the description of a feature group with the features of all its pages."""
        pages = list(self._calls.pages(FEATURE_GROUPS.describe, place, FeatureGroupName=name))
        listed = [page.get("FeatureDefinitions") or [] for page in pages]
        if not all(isinstance(each, list) for each in listed):
            raise Malformed("FeatureDefinitions is no list")
        features = [feature for each in listed for feature in each]
        first = {key: value for key, value in pages[0].items() if key != "NextToken"}
        return {**first, "FeatureDefinitions": features}


def _short_name(listing: Listing, name: str) -> str:
    """Return the name that a pattern is matched with: of the ARN of a model package, its group or its name."""
    return name.partition("/")[2].partition("/")[0] if name.startswith("arn:") and listing.by == listing.arn else name
