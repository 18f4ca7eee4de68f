"""The routes of `forwarder.toml` as registrations; pure."""

from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote, urlsplit

import msgspec

from capture_forwarder.configuration.route_settings import RouteSettings
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.destinations.http_settings import HttpSettings
from integrations.lineage.registering.registration import Registration, Target


def registrations(settings: Settings, version: str) -> tuple[Registration, ...]:
    """Return a registration for each route, in the order of the file; `version` is that of capture-forwarder."""
    destinations = {destination.name: destination for destination in settings.destination}
    return tuple(
        Registration(
            route=route.name,
            bucket=route.bucket,
            prefix=route.prefix,
            targets=tuple(_target(route, destinations[name]) for name in _destinations(route)),
            version=version,
        )
        for route in settings.route
    )


def _destinations(route: RouteSettings) -> Iterable[str]:
    """Return the names of the destinations of a route."""
    return (route.destination,)


def _target(route: RouteSettings, destination: HttpSettings) -> Target:
    options = msgspec.json.encode([route, destination], order="deterministic")
    return Target(
        destination=destination.name,
        model_id=route.model_id,
        source_uri=f"{public_url(destination.url)}/models/{quote(route.model_id, safe='')}",
        configuration=sha256(options).hexdigest(),
    )


def public_url(url: str) -> str:
    """Return `url` without credentials, query, fragment and final `/`: lineage is read by more people than secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
