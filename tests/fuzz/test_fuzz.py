"""The short form of the fuzz, and proof that it looks everywhere."""

from random import Random

from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from tests.fuzz.__main__ import turn
from tests.fuzz.mutator import Mutator, seeds

# Said of objects, of a line's length and by a destination: nothing that a line holds leads there.
_NOT_OF_LINES = frozenset(
    {
        RejectionCode.OBJECT_GONE,
        RejectionCode.OBJECT_ARCHIVED,
        RejectionCode.OBJECT_TRUNCATED,
        RejectionCode.LINE_TOO_LONG,
        RejectionCode.INFERENCE_TOO_LARGE,
        RejectionCode.REFUSED_BY_DESTINATION,
    }
)
# Said of single rows of a line that is decoded.
_OF_ROWS = frozenset(
    {
        RejectionCode.VALUE_COUNT_MISMATCH,
        RejectionCode.VALUE_TYPE_MISMATCH,
        RejectionCode.UNKNOWN_ATTRIBUTE,
        RejectionCode.AMBIGUOUS_NAME,
    }
)


def test_twenty_thousand_spoiled_lines_end_counted() -> None:
    """Every line ends decoded, rejected or skipped, no promise is broken, and every way to end is reached."""
    endings = turn(seed=1, lines=20_000)
    assert endings.total() == 20_000
    assert [how for how in endings if how.startswith("BROKEN")] == []
    lines = {f"rejected: {code}" for code in set(RejectionCode) - _NOT_OF_LINES - _OF_ROWS}
    rows = {f"decoded, but a row: {code}" for code in _OF_ROWS}
    assert endings.keys() >= {"decoded"} | lines | rows | {f"skipped: {reason}" for reason in SkipReason}


def test_the_same_seed_gives_the_same_lines() -> None:
    """A broken promise can be shown again from its seed."""
    first, second = (Mutator(seeds(), Random(3)) for _ in range(2))
    assert [first.line() for _ in range(50)] == [second.line() for _ in range(50)]
