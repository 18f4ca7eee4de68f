"""Pages of a list: opaque tokens of a snapshot, or offsets into the list as it is now."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from msgspec import Struct

from tests.lineage_fake.errors import invalid
from tests.lineage_fake.modes import Tokens
from tests.lineage_fake.records import Call
from tests.lineage_fake.store import Store

Entries = list[Any]


class _Place(Struct, frozen=True):
    """The place where a token continues: the list, the entry, and whether an empty page comes first."""

    request: str
    start: int
    blank: bool = False


def page(store: Store, call: Call, size: int, entries: Callable[[], Entries], *, blanks: bool = False) -> Any:
    """Return the entries of the page that the call asks for, and the token of the next page or None."""
    request = _request(call)
    place, kept = _Place(request, 0), None
    if call.get("NextToken"):
        place, kept = _read(store, call, call.params["NextToken"])
        if place.request != request:
            raise invalid("NextToken belongs to a request with other parameters.")
    everything = kept if kept is not None else _current(store, call, request, entries)
    end = place.start if place.blank else place.start + size
    following = None
    if end < len(everything):
        following = _write(store, call, _Place(request, end, blanks and not place.blank), everything)
    return everything[place.start : end], following


def _request(call: Call) -> str:
    """Return the key of a list: all parameters but those of the page."""
    params = {name: value for name, value in call.params.items() if name not in {"NextToken", "MaxResults"}}
    return sha256(json.dumps([call.operation, params], sort_keys=True, default=str).encode()).hexdigest()


def _current(store: Store, call: Call, request: str, entries: Callable[[], Entries]) -> Entries:
    """Return the list as it is now. It is computed once for each version of the store."""
    if call.modes.hidden_for_calls:
        return entries()
    version, known = store.results.get(request, (None, []))
    if version != store.version:
        known = entries()
        store.results[request] = store.version, known
    return known


def _write(store: Store, call: Call, place: _Place, everything: Entries) -> str:
    if call.modes.tokens is Tokens.OFFSET:
        return base64.b64encode(json.dumps([place.request, place.start, place.blank]).encode()).decode()
    identity = f"{place.request} {place.start} {place.blank} {id(everything)}"
    token = sha256(identity.encode()).hexdigest()
    store.snapshots[token] = place, everything
    return token


def _read(store: Store, call: Call, token: str) -> tuple[_Place, Entries | None]:
    if call.modes.tokens is Tokens.SNAPSHOT:
        if token not in store.snapshots:
            raise invalid("NextToken is invalid.")
        place, everything = store.snapshots[token]
        return place, everything
    try:
        return _Place(*json.loads(base64.b64decode(token))), None
    except (ValueError, TypeError):
        raise invalid("NextToken is invalid.") from None
