"""The worlds that are explored, and for each rule a world that breaks without it."""

from msgspec import Struct
from msgspec.structs import replace

from tests.model.explore import Result, search, walk
from tests.model.moves import Fault, Limits
from tests.model.promises import Promise
from tests.model.protocol import Rules

_CRASH_OR_PAUSE = frozenset({Fault.CRASH, Fault.PAUSE})
_REPEATS = frozenset({Fault.COPY, Fault.REPEAT})


class Case(Struct, frozen=True):
    """A world where every promise must hold. `walks`: follow so many random walks; 0: visit every state."""

    name: str
    limits: Limits
    walks: int = 0

    def check(self) -> Result:
        """Explore the world with all rules."""
        return walk(Rules(), self.limits, walks=self.walks) if self.walks else search(Rules(), self.limits)


class Needed(Struct, frozen=True):
    """The world where `promise` breaks without `rule`."""

    rule: str
    promise: Promise
    limits: Limits = Limits()

    def check(self) -> Result:
        """Search for the broken promise with all rules but this one."""
        return search(Rules(**{self.rule: False}), self.limits, until=self.promise)


SHORT = (
    Case("two events, no fault", Limits((0, 0), faults=0, stops=1, batches=True)),
    Case("one fault", Limits(stops=1)),
    Case("one fault, the first line without a rejection", Limits(rejected_lines=(1,))),
    Case("one fault, the second line without a rejection", Limits(rejected_lines=(0,))),
    Case("two events, one fault", Limits((0, 0), checkpoints=0)),
    Case("two objects together, one fault", Limits((0, 1), checkpoints=0, batches=True)),
    Case("two faults", Limits(faults=2, checkpoints=0)),
    Case("three crashes or pauses", Limits(faults=3, checkpoints=0, kinds=_CRASH_OR_PAUSE)),
    Case("clocks wrong, one fault", Limits(clocks_right=False)),
    Case(
        "clocks wrong, two crashes or pauses",
        Limits(faults=2, kinds=_CRASH_OR_PAUSE, checkpoints=0, clocks_right=False),
    ),
)
REPEATS = Case("two repeats of messages or requests", Limits((0, 0), faults=2, kinds=_REPEATS))


def wild(walks: int) -> tuple[Case, Case]:
    """Return the cases that are too large for a full search."""
    limits = Limits((0, 0, 1), faults=6, checkpoints=3, stops=3, workers=3, batches=True)
    return (
        Case("random walks, six faults, three invocations at once", limits, walks),
        Case("random walks, six faults, clocks wrong", replace(limits, clocks_right=False), walks),
    )


LONG = (
    REPEATS,
    Case("one fault, an end, the first line without a rejection", Limits(stops=1, rejected_lines=(1,))),
    Case("one fault, an end, the second line without a rejection", Limits(stops=1, rejected_lines=(0,))),
    Case("two events, two checkpoints and ends, no fault", Limits((0, 0), 0, checkpoints=2, stops=2, batches=True)),
    Case("two events, one fault, a checkpoint", Limits((0, 0), batches=True)),
    Case("two events, one fault, an end in the middle", Limits((0, 0), checkpoints=0, stops=1)),
    Case("two objects together, one fault, a checkpoint", Limits((0, 1), batches=True)),
    Case("two objects, two events for one, one crash or pause", Limits((0, 0, 1), 1, _CRASH_OR_PAUSE, 0, batches=True)),
    Case("three invocations at once, one crash or pause", Limits((0, 0, 0), 1, _CRASH_OR_PAUSE, 0, workers=3)),
    Case("two faults, a checkpoint", Limits(faults=2)),
    Case("two faults, an end in the middle", Limits(faults=2, checkpoints=0, stops=1)),
    Case("four crashes or pauses", Limits(faults=4, kinds=_CRASH_OR_PAUSE)),
    Case("clocks wrong, two faults", Limits(faults=2, checkpoints=0, clocks_right=False)),
    Case("clocks wrong, two events, one fault", Limits((0, 0), checkpoints=0, clocks_right=False)),
    Case("clocks wrong, two objects together, one fault", Limits((0, 1), 1, batches=True, clocks_right=False)),
    *wild(walks=10_000),
)

NEEDED = (
    Needed("wait", Promise.NOTHING_LOST),
    Needed("take_first", Promise.IN_QUARANTINE),
    Needed("empty", Promise.IN_QUARANTINE_ONCE),
    Needed("create_only", Promise.IN_QUARANTINE_ONCE),
    Needed("own_names", Promise.IN_QUARANTINE),
    Needed("answered", Promise.NOTHING_LOST),
    Needed("finished_only_if_answered", Promise.IN_QUARANTINE_ONCE),
    Needed("numbered_saves", Promise.COMMITTED_STAYS),
    Needed("claim_over_conditional", Promise.FEW_SENDS, Limits((0, 0), faults=0, stops=1)),
    Needed("claim_over_last", Promise.IN_QUARANTINE_ONCE, Limits(faults=2, kinds=_CRASH_OR_PAUSE)),
    Needed("grouped", Promise.FEW_SENDS, Limits((0, 0), faults=0, batches=True)),
)
