"""The short form of the fuzz; it reaches every outcome of a line."""

from random import Random

from capture_forwarder.domain.delivery import RejectionCode, SkipReason
from tests.fuzz.__main__ import turn
from tests.fuzz.mutator import Mutator, seeds

# Codes of objects, of the length of a line and of destinations: the content of a line does not lead to them.
_NOT_OF_LINES = frozenset(
    {
        RejectionCode.OBJECT_GONE,
        RejectionCode.OBJECT_ARCHIVED,
        RejectionCode.OBJECT_TRUNCATED,
        RejectionCode.OBJECT_DAMAGED,
        RejectionCode.NO_ROUTE,
        RejectionCode.GIVEN_UP,
        RejectionCode.LINE_TOO_LONG,
        RejectionCode.INFERENCE_TOO_LARGE,
        RejectionCode.REFUSED_BY_DESTINATION,
        RejectionCode.NAME_REFUSED,
        RejectionCode.ENCODING_REFUSED,
        RejectionCode.PARTNER_ID_REFUSED,
    }
)
# Codes of single rows of a decoded line.
_OF_ROWS = frozenset(
    {
        RejectionCode.VALUE_COUNT_MISMATCH,
        RejectionCode.VALUE_TYPE_MISMATCH,
        RejectionCode.UNKNOWN_ATTRIBUTE,
        RejectionCode.AMBIGUOUS_NAME,
    }
)


def test_twenty_thousand_changed_lines_are_counted() -> None:
    """No promise is broken, and every code and skip reason of lines occurs."""
    endings = turn(seed=2, lines=20_000)
    assert endings.total() == 20_000
    assert [how for how in endings if how.startswith("BROKEN")] == []
    lines = {f"rejected: {code}" for code in set(RejectionCode) - _NOT_OF_LINES - _OF_ROWS}
    rows = {f"decoded, but a row: {code}" for code in _OF_ROWS}
    assert endings.keys() >= {"decoded"} | lines | rows | {f"skipped: {reason}" for reason in SkipReason}


def test_the_same_seed_gives_the_same_lines() -> None:
    """A broken promise can be shown again from its seed."""
    first, second = (Mutator(seeds(), Random(3)) for _ in range(2))
    assert [first.line() for _ in range(50)] == [second.line() for _ in range(50)]
