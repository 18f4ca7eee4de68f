"""The steps of a replay, made before anything is sent: the entries of one route in one file, lines or whole objects."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.kinds.quarantine.kind import NOT_COVERED
from capture_ops.replay.content import NotQuarantine, entry_in
from capture_ops.replay.files import SUFFIX, QuarantineFiles

NO_ROUTE = "the configuration has no such route: add it, or replay with the configuration that had it"
# The function can read these objects again, after the cause is corrected.
_SENT_AGAIN = {
    RejectionCode.GIVEN_UP,
    RejectionCode.NO_ROUTE,
    RejectionCode.OBJECT_DAMAGED,
    RejectionCode.OBJECT_ARCHIVED,
}
_OBJECT_GONE = "the object was deleted: upload it again, and a new event forwards it; then delete this file"
_OTHER_OBJECT = "the whole object was rejected: upload it again; then delete this file"
_NOT_ROUTED = "no route covers its object now: add one"


class Routes(Protocol):
    """Finds the route of a capture object."""

    def route_for(self, source: CaptureObject) -> Route | None:
        """Return the route of `source`, or `None` if there is none."""
        ...


def object_advice(entry: QuarantineEntry, routes: Routes) -> str | None:
    """Return the reason why the message of a whole object cannot be sent again; `None` if it can."""
    code = entry.rejections[0].reason.code
    if code in _SENT_AGAIN:
        return None if routes.route_for(entry.source) else _NOT_ROUTED
    return _OBJECT_GONE if code is RejectionCode.OBJECT_GONE else _OTHER_OBJECT


class Selection(Struct, frozen=True):
    """The rejections to replay; an empty set means all."""

    codes: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def part_of(self, entry: QuarantineEntry) -> QuarantineEntry | None:
        """Return `entry` with its selected rejections only; `None` if there are none."""
        if self.routes and entry.route not in self.routes:
            return None
        if not self.codes:
            return entry
        selected = tuple(one for one in entry.rejections if one.reason.code in self.codes)
        return replace(entry, rejections=selected) if selected else None


class Part(Struct, frozen=True, order=True):
    """Entries with the same codes for which the plan is the same."""

    codes: str
    plan: str


class Step(Struct, frozen=True):
    """The entries of one route in one file: how many of each kind are selected. `objects` are entries of whole objects.

    An entry is one captured line, or one object.
    """

    name: str
    route: str
    objects: bool
    parts: Counter[Part]

    @property
    def entries(self) -> int:
        """The number of selected entries."""
        return self.parts.total()

    @property
    def work(self) -> Work:
        """The step as work for the forwarder: the file as an object, with the route in place of a bucket."""
        return Work(CaptureObject(self.route, self.name))


class Plan(Struct, frozen=True):
    """The steps, in order, and a sentence for every file that is not a quarantine file."""

    steps: list[Step]
    problems: list[str]


class Planner:
    """Makes steps: `routes` are the configured routes by name, `router` finds the route of an object."""

    def __init__(self, selection: Selection, routes: Mapping[str, Route], router: Routes) -> None:
        self._selection = selection
        self._routes = routes
        self._router = router

    def plan(self, files: QuarantineFiles) -> Plan:
        """Read every file and return the steps. Raises `Unavailable`."""
        plan = Plan([], [])
        for name in files.names():
            try:
                plan.steps.extend(self._steps(files, name))
            except NotQuarantine as error:
                plan.problems.append(f"{name}: {error}")
        return plan

    def _steps(self, files: QuarantineFiles, name: str) -> Iterator[Step]:
        if not name.endswith(SUFFIX):
            raise NotQuarantine(f"is not a {SUFFIX} file")
        content = files.read(name)
        if content is None:
            return
        found: defaultdict[tuple[str, bool], Counter[Part]] = defaultdict(Counter)
        with closing(content):
            for number, line in content.unique_lines():
                if entry := self._selection.part_of(entry_in(number, line)):
                    codes = ", ".join(sorted({one.reason.code for one in entry.rejections}))
                    found[entry.route, not entry.line][Part(codes, self._plan_of(entry))] += 1
        for (route, objects), parts in sorted(found.items()):
            yield Step(name, route, objects, parts)

    def _plan_of(self, entry: QuarantineEntry) -> str:
        if not entry.line:
            advice = object_advice(entry, self._router)
            return f"stays: {advice}" if advice else "the message of its object is sent to the queue of the stack"
        route = self._routes.get(entry.route)
        if why := NO_ROUTE if route is None else None if route.covers(entry.source) else NOT_COVERED:
            return f"stays: {why}"
        return "sent again" if entry.data else "its line is read again from the capture object, and sent"
