"""Entries that cannot be sent again: they stay in quarantine, and the report has the next step."""

from collections import Counter
from pathlib import Path

import pytest

from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.conservation import LineCounts
from capture_forwarder.domain.delivery import RejectionCode
from capture_forwarder.domain.progress import QuarantineEntry
from tests.support.captures import capture, csv_side
from tests.support.replay_world import (
    AMBIGUOUS,
    SOURCE,
    ReplayWorld,
    call_of,
    line_entry,
    rejected,
    rows_entry,
)

SHADOW = capture(csv_side("1"), csv_side("2"), invocationSource="ShadowExperiment")
NOT_COVERED = "its object is not one of its route (bucket, prefix, suffix): no other object is read or sent"
OTHER_COUNT = (
    "its line had 6 rows and has 2 now: "
    "replay it with the options that it was rejected with, or upload the object again"
)
OTHER_ID = "it would get another id now: replay it with the id_source and csv_header that it was rejected with"


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world with no entry in quarantine."""
    return ReplayWorld(tmp_path)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (
            line_entry(call_of("e"), route="old"),
            "the configuration has no such route: add it, or replay with the configuration that had it",
        ),
        (line_entry(SHADOW), "its line is not forwarded (shadow): delete it by hand"),
        (rows_entry("e", 2, rejected(0), data=SHADOW), "its line is not forwarded (shadow): delete it by hand"),
        (
            rows_entry("e", 6, rejected(0), data=call_of("e", 2)),
            OTHER_COUNT,
        ),
        (rows_entry("e", 2, rejected(1), inference_id="other"), OTHER_ID),
        (rows_entry("e", 2, rejected(0, 1), inference_id="other"), OTHER_ID),
        (rows_entry("e", 3, rejected(0), data=AMBIGUOUS, inference_id="other"), OTHER_ID),
        (line_entry(None), "its line was not kept, and its capture object is missing (object_gone)"),
        (line_entry(call_of("e"), source=CaptureObject("payroll", "a")), NOT_COVERED),
        (line_entry(None, source=CaptureObject("payroll", "a")), NOT_COVERED),
    ],
)
def test_an_entry_that_cannot_be_sent_stays_as_it_is(world: ReplayWorld, entry: QuarantineEntry, why: str) -> None:
    """The report has the next step. The entry beside it is sent."""
    world.keep("a", entry, line_entry(call_of("f")))
    report = world.replay()
    assert report.left == {why: 1}
    assert (report.selected, report.removed) == (2, 1)
    assert world.entries() == {"a": [entry]}
    assert list(world.destination.stored) == ["f"]
    assert not [key for key, _ in world.store.reads if key != SOURCE.key or entry.source != SOURCE]


def test_an_entry_whose_line_is_not_forwarded_is_counted_as_rejected(world: ReplayWorld) -> None:
    """It is counted under the code that it has."""
    world.keep("a", line_entry(SHADOW))
    report = world.replay()
    assert report.lines == LineCounts(read=1, rejected=Counter([RejectionCode.LINE_NOT_JSON]))
