"""The steps of a replay: one a file, made before anything is sent."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_forwarder.kinds.quarantine.kind import object_advice
from capture_ops.replay.files import SUFFIX, NotQuarantine, QuarantineFiles

NO_ROUTE = "the configuration has no such route: add it, or replay with the configuration that had it"


class Selection(Struct, frozen=True):
    """The rejections to replay; an empty set means all."""

    codes: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def selects(self, entry: QuarantineEntry) -> bool:
        """Return whether `entry` is to be replayed."""
        return (not self.codes or entry.code in self.codes) and (not self.routes or entry.route in self.routes)


class Part(Struct, frozen=True, order=True):
    """Entries of one code for which the plan is the same."""

    code: RejectionCode
    plan: str


class Step(Struct, frozen=True):
    """The entries of one route in one file: how many of each kind are selected."""

    name: str
    route: str
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


def make_plan(files: QuarantineFiles, selection: Selection, routes: Mapping[str, Route]) -> Plan:
    """Read every file and return the steps. Raises `Unavailable`."""
    plan = Plan([], [])
    for name in files.names():
        try:
            plan.steps.extend(_steps(files, name, selection, routes))
        except NotQuarantine as error:
            plan.problems.append(f"{name}: {error}")
    return plan


def _steps(files: QuarantineFiles, name: str, selection: Selection, routes: Mapping[str, Route]) -> Iterator[Step]:
    if not name.endswith(SUFFIX):
        raise NotQuarantine(f"is not a {SUFFIX} file")
    content = files.read(name)
    by_route: defaultdict[str, Counter[Part]] = defaultdict(Counter)
    for entry in content.entries.values() if content else ():
        if selection.selects(entry):
            by_route[entry.route][Part(entry.code, _plan_of(entry, routes))] += 1
    for route, parts in sorted(by_route.items()):
        yield Step(name, route, parts)


def _plan_of(entry: QuarantineEntry, routes: Mapping[str, Route]) -> str:
    if why := NO_ROUTE if entry.route not in routes else object_advice(entry):
        return f"stays: {why}"
    return "sent again" if entry.data else "its line is read again from the capture object, and sent"
