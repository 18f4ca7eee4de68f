"""The objects in Sumo Logic that `sumo setup` makes, as values."""

from typing import Any

from msgspec import Struct

from capture_forwarder.configuration.settings import Settings


class Place(Struct, frozen=True):
    """The region and the twelve digits of the account of the stack."""

    region: str
    account: str


class Source(Struct, frozen=True, kw_only=True):
    """One source of the collector. `body` is its JSON; `secret` is the reference of the secret that gets its URL.

    `ids` are the collection steps of the page that it serves.
    """

    ids: tuple[str, ...]
    name: str
    body: dict[str, Any]
    secret: str | None = None


class Rule(Struct, frozen=True, kw_only=True):
    """One field extraction rule, with its JSON."""

    ids: tuple[str, ...]
    name: str
    body: dict[str, Any]


class Monitor(Struct, frozen=True, kw_only=True):
    """One monitor, with its JSON. `ids` are the alerts of the page that it serves."""

    ids: tuple[str, ...]
    name: str
    body: dict[str, Any]


class Wanted(Struct, frozen=True, kw_only=True):
    """All objects of one configuration. Objects with `mark` in their text are those that `sumo setup` made."""

    collector: str
    mark: str
    sources: tuple[Source, ...]
    fields: tuple[str, ...]
    rules: tuple[Rule, ...]
    monitors: tuple[Monitor, ...]


def collector_name(settings: Settings, place: Place) -> str:
    """Return the name of the collector: that of the file, else one that no other stack has.

    Raises `ValueError` without `[observability.sumo]`.
    """
    if settings.observability is None or settings.observability.sumo is None:
        raise ValueError("the settings have no [observability.sumo]")
    return settings.observability.sumo.collector or f"{settings.stack.name}-{place.account}-{place.region}"


def mark(stack_name: str, place: Place) -> str:
    """Return the text in all objects that `sumo setup` made for one stack."""
    return f"Made by capture-forwarder sumo setup for {stack_name} in {place.account}, {place.region}."
