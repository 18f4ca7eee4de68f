"""Make the adapter of a configured destination: the module `adapter` beside its settings.

The adapter is imported when it is needed, so that a process loads only what it is configured for.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from msgspec import Struct

from capture_forwarder.destinations.http import Token
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.ports import Destination, SchemaSource


class Surroundings(Struct, frozen=True, kw_only=True):
    """What an adapter needs of its process.

    `secret` makes the source of the secret that a reference names. `clock` counts seconds, `now` gives seconds since
    the epoch.
    """

    secret: Callable[[str], Token[str]]
    clock: Callable[[], float]
    now: Callable[[], float]


class Connected(Struct, frozen=True):
    """A destination, and where the attributes of its models come from if the API knows them."""

    destination: Destination
    schemas: SchemaSource | None = None


class _Adapter(Protocol):
    def connect(self, settings: HttpSettings, surroundings: Surroundings) -> Connected:
        """Return the destination that `settings` describe."""
        ...


def connect(settings: HttpSettings, surroundings: Surroundings) -> Connected:
    """Return the destination that `settings` describe. No request is sent."""
    folder = type(settings).__module__.rpartition(".")[0]
    return cast("_Adapter", import_module(f"{folder}.adapter")).connect(settings, surroundings)
