"""Sumo Logic's API on loopback, as far as `sumo setup` uses it, after its public documentation.

https://help.sumologic.com/docs/api/: lists have pages, writes of collectors and sources need the ETag, names are unique,
the answer to a source of type HTTP has a URL with a token, and every call needs the access id and key.
"""

import json
from hashlib import sha256
from itertools import count
from typing import Any

ACCESS = ("suABCDEF", "key-of-the-test")
TOKEN = "ZaVnC4dhaV0uTOKENuQ7"
Document = dict[str, Any]


class FakeSumo:
    """The state of one organisation, the writes that it took, and failures that a test orders."""

    def __init__(self) -> None:
        self.collectors: dict[int, Document] = {}
        self.sources: dict[int, dict[int, Document]] = {}
        self.fields: dict[str, Document] = {"f0": {"fieldId": "f0", "fieldName": "_custom", "state": "Enabled"}}
        self.rules: dict[str, Document] = {}
        self.folders: dict[str, Document] = {"root": {"id": "root", "name": "Monitor", "contentType": "Folder"}}
        self.monitors: dict[str, Document] = {}
        self.writes: list[str] = []
        self.bodies: list[str] = []
        self.failures: list[tuple[str, int, bool]] = []
        self._ids = count(101)
        self.url = ""

    def fail(self, call: str, status: int, *, after: bool = False) -> None:
        """Answer the first call that `call` matches, such as "POST /fields", by `status`; `after` does it first."""
        self.failures.append((call, status, after))

    def new_id(self) -> int:
        """Return a new number."""
        return next(self._ids)

    def named(self, kind: str) -> set[str]:
        """Return the names of all objects of a kind."""
        values: Any = getattr(self, kind).values()
        if kind == "sources":
            return {each["name"] for sources in values for each in sources.values()}
        return {each["fieldName" if kind == "fields" else "name"] for each in values}

    @property
    def state(self) -> str:
        """The whole state, to compare."""
        return json.dumps(
            [self.collectors, self.sources, self.fields, self.rules, self.folders, self.monitors], sort_keys=True
        )


class Refused(Exception):
    """A refusal with its status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def etag(document: Document) -> str:
    """Return the ETag of a document."""
    return f'"{sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]}"'
