"""Destinations of every kind, as the registry makes them, against the embedded monitor or any other address."""

from math import inf
from typing import Any

import msgspec

from capture_forwarder.destinations.connecting import Connected, Surroundings, connect
from capture_forwarder.destinations.registry import DestinationSettings

# What a `[[destination]]` of each kind needs beside its name and kind, if all secrets are `secret`.
KINDS: dict[str, dict[str, Any]] = {
    "arthur": {"url": "{}", "secret": "env:TOKEN"},
    "arthur-raw": {"url": "{}", "secret": "env:TOKEN"},
    "webhook": {"url": "{}/events", "headers": {"Authorization": "env:TOKEN"}},
}


class TokenList:
    """A source of tokens that gives the next one after a refresh."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)

    def __call__(self, *, within_secs: float = inf, refresh: bool = False) -> str:
        """Return the current token, or the next one after a refresh."""
        if refresh and len(self._tokens) > 1:
            self._tokens.pop(0)
        return self._tokens[0]


def settings_of(kind: str, at: str, **options: Any) -> DestinationSettings:
    """Return the settings of a destination `at` an address, with further `options`."""
    table = {"name": kind, "kind": kind} | KINDS[kind] | options
    table["url"] = table["url"].format(at)
    return msgspec.convert(table, DestinationSettings)  # type: ignore[no-any-return]  # a union of structs


def connected(kind: str, at: str, *tokens: str, **options: Any) -> Connected:
    """Return a destination of `kind` whose secrets are all `tokens`, one after the other."""
    secret = TokenList(*(tokens or ("secret",)))
    surroundings = Surroundings(secret=lambda _: secret, clock=lambda: 0.0, now=lambda: 1_000_000.0)
    return connect(settings_of(kind, at, **options), surroundings)
