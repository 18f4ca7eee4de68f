"""Registers routes, and marks them as stopped. One route that cannot be registered never hinders the others."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from integrations.lineage.errors import AlreadyExists, LineageError
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.ports import Change, Listed, NewEntity, WritesLineage
from integrations.lineage.registration import FORWARDING, ROUTE, STOPPED, Registration, Step, steps, stopped
from integrations.lineage.surveying import Reads, survey


class Api(Reads, WritesLineage, Protocol):
    """All calls that registering makes."""


class Outcome(Struct, frozen=True, kw_only=True):
    """The steps of routes: done, or only planned by a dry run."""

    routes: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    error: LineageError | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """The warnings and the error, as sentences that name the route."""
        routes = ", ".join(self.routes)
        failed = [f"route {routes}: {self.error}"] if self.error else []
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
    done: list[Step] = []
    error = None
    try:
        for step in _endings(api, registrations):
            if not dry_run:
                api.update(step)
            done.append(step)
    except LineageError as raised:
        error = raised
    return Outcome(routes=tuple(one.route for one in registrations), steps=tuple(done), error=error)


def _register(api: Api, registration: Registration, endpoint: str | None, *, dry_run: bool) -> Outcome:
    done: list[Step] = []
    warnings: list[str] = []
    error = None
    try:
        known, warnings = survey(api, registration, endpoint)
        run = Run(api)
        for step in steps(registration, known):
            if not dry_run:
                run.do(step)
            done.append(step)
    except LineageError as raised:
        error = raised
    return Outcome(routes=(registration.route,), steps=tuple(done), warnings=tuple(warnings), error=error)


class Run:
    """Does steps in their order. Another run may do the same at the same time: both use what the other created."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._arns: dict[str, str] = {}

    def do(self, step: Step) -> None:
        """Do one step. Raises the errors of lineage."""
        match step:
            case NewEntity():
                self._arns[step.name or ""] = self._created(step)
            case Edge():
                self._link(Edge(self._arn(step.source), self._arn(step.destination), step.type))
            case _:
                self._api.update(step)

    def _arn(self, end: str) -> str:
        return self._arns.get(end, end)

    def _created(self, entity: NewEntity) -> str:
        try:
            return self._api.create(entity)
        except AlreadyExists:
            if found := self._existing(entity):
                return found
            raise

    def _existing(self, entity: NewEntity) -> str | None:
        """Return the ARN of the entity that another run created in the meantime."""
        if entity.kind is not Kind.ARTIFACT:
            return self._api.describe(entity.name or "", entity.kind).arn
        found = self._api.list(entity.kind, Listed(source_uri=entity.source_uri))
        return min((vertex.arn for vertex in found), default=None)

    def _link(self, edge: Edge) -> None:
        try:
            self._api.link(edge)
        except AlreadyExists:
            return


def _endings(api: Api, registrations: Sequence[Registration]) -> Iterator[Change]:
    """Yield the changes of the forwardings of these routes that are in progress."""
    # The list is complete before the first write, which changes the order of further pages.
    for listed in list(api.list(Kind.ACTION, Listed(type=FORWARDING))):
        uri, status = (listed.details.source_uri or "", listed.details.status) if listed.details else ("", None)
        routes = {one.route for one in registrations if uri.startswith(one.uri)}
        if status != STOPPED and routes:
            action = api.describe(listed.label, Kind.ACTION)
            if action.details and action.details.properties.get(ROUTE) in routes:
                yield stopped(action)
