"""What a backfill came to, in whichever form it ran."""

from collections import Counter

from msgspec import Struct, field

from capture_forwarder.domain.conservation import ForwardTotals, ObjectState


class Outcome(Struct):
    """The sums, of how many objects that were listed, and why those are left that are.

    `failure` says why the backfill ended before it was through, if it did.
    """

    totals: ForwardTotals = field(default_factory=ForwardTotals)
    listed: int = 0
    left: Counter[str] = field(default_factory=Counter)
    failure: str | None = None

    @property
    def untold(self) -> int:
        """How many objects were listed, and nobody says what became of them: they were not, or not well, forwarded."""
        return self.listed - self.totals.objects.total() - self.totals.outside

    @property
    def handed_over(self) -> int:
        """How many objects the function's queue carries on with."""
        return self.totals.objects[ObjectState.REQUEUED]

    @property
    def complete(self) -> bool:
        """Tell whether nothing is owed by anybody any more."""
        owed = self.totals.incomplete or self.totals.inferences.pending or self.handed_over or self.untold
        return self.failure is None and self.totals.balanced and not owed
