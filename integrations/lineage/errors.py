"""The errors of lineage. Each says the problem, its place, and the next step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.lineage.graph import Graph


class LineageError(Exception):
    """The base of all errors of lineage. Its text is complete: one sentence for each problem, one problem a line.

    `done` describes the steps of a plan that were done before the error. They need not be repeated.
    """

    def __init__(self, text: str, *, done: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.done = tuple(done)


class NotFound(LineageError):
    """An entity or an association does not exist."""


class AlreadyExists(LineageError):
    """The name or the source belongs to another entity. The text shows both."""


class Cycle(LineageError):
    """An association would close a cycle."""


class _CapPassed(LineageError):
    """A cap was passed. `reached` is the part of the graph that was read before."""

    def __init__(self, text: str, *, reached: "Graph | None" = None) -> None:
        super().__init__(text)
        self.reached = reached


class TooLarge(_CapPassed):
    """A graph or a plan is larger than the cap."""


class TimedOut(_CapPassed):
    """A query took longer than its limit."""


class LimitReached(LineageError):
    """The account holds as many entities of a kind as SageMaker allows."""


class Denied(LineageError):
    """AWS refused the call: a permission is missing."""


class Throttled(LineageError):
    """AWS refused the call because of too many requests, also after all retries."""


class Conflict(LineageError):
    """Another client changed the entity at the same time. Read it again, and repeat the change."""


class Invalid(LineageError, ValueError):
    """Names, lengths, counts or other values that SageMaker would refuse. The text lists all problems."""


REFUSED = (NotFound, AlreadyExists, Invalid)
"""The errors of one value of a command. The others are errors of all calls."""


def together(errors: Sequence[LineageError]) -> LineageError:
    """Return one error for several: of their class if they have the same, else `Invalid`. No sentence is repeated."""
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else Invalid
    return kind("\n".join(dict.fromkeys(map(str, errors))))
