"""What a replay would do: one step a file, made before anything is sent."""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.domain.route import Route
from capture_ops.replay.files import SUFFIX, NotQuarantine, QuarantineFiles

_OBJECTS = {
    RejectionCode.OBJECT_GONE: "the object was deleted: put it back, which sends an event of its own",
    RejectionCode.OBJECT_ARCHIVED: "the object is archived: restore it and send its event again",
}
_OTHER_OBJECT = "the whole object was rejected: upload it again"


class Selection(Struct, frozen=True):
    """Which rejections are meant; an empty set means all."""

    codes: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def takes(self, entry: QuarantineEntry) -> bool:
        """Tell whether `entry` is meant."""
        return (not self.codes or entry.code in self.codes) and (not self.routes or entry.route in self.routes)


class Part(Struct, frozen=True, order=True):
    """Rejections of one kind: what becomes of them is one sentence."""

    route: str
    code: RejectionCode
    becomes: str


class Step(Struct, frozen=True):
    """One file, and how many of its entries are meant, by kind."""

    name: str
    parts: Counter[Part] = field(default_factory=Counter)

    @property
    def entries(self) -> int:
        """How many entries are meant."""
        return self.parts.total()


class Plan(Struct, frozen=True):
    """Every step, in order, and every file that is none of quarantine's."""

    steps: list[Step]
    problems: list[str]


def make_plan(files: QuarantineFiles, selection: Selection, routes: Mapping[str, Route]) -> Plan:
    """Read every file and return what is to be done. Raises `Unavailable`."""
    steps: list[Step] = []
    problems: list[str] = []
    for name in files.names():
        try:
            steps.append(Step(name, Counter(_parts(files, name, selection, routes))))
        except NotQuarantine as error:
            problems.append(f"{name}: {error}")
    return Plan([step for step in steps if step.entries], problems)


def why_it_stays(entry: QuarantineEntry, routes: Mapping[str, Route]) -> str | None:
    """Return why `entry` cannot be sent again, and what to do; `None` if it can."""
    if entry.route not in routes:
        return "the configuration has no such route: add it, or replay with the one that had it"
    if entry.line == 0:
        return f"{_OBJECTS.get(entry.code, _OTHER_OBJECT)}; then delete this file"
    return None


def _parts(files: QuarantineFiles, name: str, selection: Selection, routes: Mapping[str, Route]) -> Iterator[Part]:
    if not name.endswith(SUFFIX):
        raise NotQuarantine(f"is no {SUFFIX}")
    found = files.read(name)
    for entry in found.entries if found else []:
        if selection.takes(entry):
            yield Part(entry.route, entry.code, _becomes(entry, routes))


def _becomes(entry: QuarantineEntry, routes: Mapping[str, Route]) -> str:
    if why := why_it_stays(entry, routes):
        return f"stays: {why}"
    return "sent again" if entry.data else "its line read again from the capture object, and sent"
