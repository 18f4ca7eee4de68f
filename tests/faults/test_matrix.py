"""A fixed sample of the matrix of faults; `make faults` runs all of it."""

import pytest

from tests.faults.harness.faults import Kind
from tests.faults.matrix import DEPENDENCIES, Case, cases, run

SAMPLE = (
    Case(Kind.STATUS, "save", "often", 0, 6, tls=False),
    Case(Kind.HANG, "secret", "first", 0, 1, tls=False),
    Case(Kind.HANG_AFTER, "save", "middle", 1, 1, tls=True),
    Case(Kind.DRIP_BODY, "source", "first", 0, 1, tls=False),
    Case(Kind.RESET_BEFORE, "progress", "first", 0, 1, tls=True),
    Case(Kind.RESET_AFTER, "quarantine", "first", 0, 1, tls=False),
    Case(Kind.LOST, "queue", "first", 0, 1, tls=True),
    Case(Kind.LOST, "rows", "often", 0, 6, tls=True),
    Case(Kind.TRUNCATED, "source", "middle", 1, 1, tls=True),
    Case(Kind.EDITED, "source", "first", 0, 1, tls=False),
    Case(Kind.EARLY_HINTS, "rows", "middle", 2, 1, tls=True),
    Case(Kind.ENDLESS, "model", "first", 0, 1, tls=False),
    Case(Kind.LOST, "rows", "often", 0, 6, tls=True, destination="arthur-raw"),
    Case(Kind.EARLY_STATUS, "rows", "first", 0, 1, tls=False, destination="arthur-raw"),
    Case(Kind.TRUNCATED, "rows", "often", 0, 6, tls=False, destination="webhook"),
    Case(Kind.STATUS_AFTER, "rows", "first", 0, 1, tls=True, destination="webhook"),
    Case(Kind.HANG, "secret", "first", 0, 1, tls=False, destination="webhook"),
)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_one_fault_loses_no_row_and_touches_no_other_route(case: Case) -> None:
    """Each row is accepted once or in quarantine once, and sent again only as the case states."""
    assert run(case).broken == ""


def test_the_matrix_has_every_fault_at_every_dependency() -> None:
    """No pair is left out, and each has a first and a last call, or the one call that there is."""
    generated = list(cases())
    assert {(case.kind, case.dependency) for case in generated} == {
        (kind, name) for kind in Kind for name in DEPENDENCIES
    }
    assert len({case.name.rpartition(" | ")[0] for case in generated}) == len(generated)
