"""Registers routes, and marks them as stopped. One route that cannot be registered never hinders the others."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from integrations.lineage.errors import LineageError
from integrations.lineage.graph import Kind
from integrations.lineage.planning import plan
from integrations.lineage.planning.steps import Step
from integrations.lineage.ports import Listed, WritesLineage
from integrations.lineage.registering.registration import FORWARDING, ROUTE, STOPPED, Registration, steps, stopped
from integrations.lineage.registering.surveying import Reads, survey


class Api(Reads, WritesLineage, Protocol):
    """All calls that registering makes."""


class Outcome(Struct, frozen=True, kw_only=True):
    """The steps of routes, as text: done, or only planned by a dry run."""

    routes: tuple[str, ...]
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: LineageError | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """The warnings and the error, as sentences that name the route."""
        routes = ", ".join(self.routes)
        failed = [f"route {routes}: {'; '.join(str(self.error).splitlines())}"] if self.error else []
        return (*(f"route {routes}: {warning}" for warning in self.warnings), *failed)


def register(
    api: Api, registrations: Iterable[Registration], endpoint: str | None = None, *, dry_run: bool = False
) -> Iterator[Outcome]:
    """Register every route, and yield its outcome; an error ends only its own route.

    Args:
        api: Makes the calls.
        registrations: The routes.
        endpoint: The name of the endpoint, if the prefix does not name it.
        dry_run: Plan the steps only.
    """
    for registration in registrations:
        yield _register(api, registration, endpoint, dry_run=dry_run)


def unregister(api: Api, registrations: Sequence[Registration], *, dry_run: bool = False) -> Outcome:
    """Set the forwardings of routes to Stopped, also those of endpoints, destinations and models of earlier times."""
    done: list[str] = []
    error = None
    try:
        _run(api, list(_endings(api, registrations)), done, dry_run=dry_run)
    except LineageError as raised:
        error = raised
    return Outcome(routes=tuple(one.route for one in registrations), steps=tuple(done), error=error)


def _register(api: Api, registration: Registration, endpoint: str | None, *, dry_run: bool) -> Outcome:
    done: list[str] = []
    warnings: list[str] = []
    error = None
    try:
        known, warnings = survey(api, registration, endpoint)
        _run(api, list(steps(registration, known)), done, dry_run=dry_run)
    except LineageError as raised:
        error = raised
    return Outcome(routes=(registration.route,), steps=tuple(done), warnings=tuple(warnings), error=error)


def _run(api: Api, planned: Sequence[Step], done: list[str], *, dry_run: bool) -> None:
    """Check and do the steps, and add their texts to `done`. No step can close a cycle."""
    plan.check(api, planned, None)
    if dry_run:
        done += map(str, planned)
    else:
        plan.run(api, planned, done.append)


def _endings(api: Api, registrations: Sequence[Registration]) -> Iterator[Step]:
    """Yield the changes of the forwardings of these routes that are in progress."""
    for listed in api.list(Kind.ACTION, Listed(type=FORWARDING)):
        uri, status = (listed.details.source_uri or "", listed.details.status) if listed.details else ("", None)
        routes = {one.route for one in registrations if uri.startswith(one.uri)}
        if status != STOPPED and routes:
            action = api.describe(listed.arn, Kind.ACTION)
            if action.details and action.details.properties.get(ROUTE) in routes:
                yield stopped(action)
