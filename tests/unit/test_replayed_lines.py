"""Replay to a destination that takes captured lines: the line is sent again, and the wanted rows are recorded."""

from pathlib import Path

import pytest

from capture_forwarder.domain.batch import Batch, LineBatch
from capture_forwarder.domain.conservation import InferenceCounts
from capture_forwarder.domain.delivery import ACCEPTED, LineResult, Receipt, RowStatus
from capture_forwarder.domain.route import RowForm
from tests.support.memory_world import NO
from tests.support.replay_world import ReplayWorld, call_of, line_entry, rejected, rows_entry


@pytest.fixture
def world(tmp_path: Path) -> ReplayWorld:
    """Give a world whose destination takes lines."""
    made = ReplayWorld(tmp_path)
    made.destination.form = RowForm.LINES
    return made


def test_a_rejected_line_is_sent_as_it_is(world: ReplayWorld) -> None:
    """All its rows are recorded."""
    world.keep("a", line_entry(call_of("e", 2)))
    report = world.replay()
    assert world.destination.stored == {"e_0": call_of("e", 2)}
    assert report.inferences == InferenceCounts(made=2, accepted=2)
    assert world.entries() == {"a": []}


def test_of_a_rejected_row_the_line_is_sent_and_the_row_is_recorded(world: ReplayWorld) -> None:
    """The other rows were recorded before; a row that is rejected again keeps its entry."""
    sent: list[LineBatch] = []

    def answer(batch: Batch) -> Receipt:
        assert isinstance(batch, LineBatch)
        sent.append(batch)
        return Receipt([LineResult(RowStatus.ACCEPTED, None, (ACCEPTED, NO))])

    world.destination.always = answer
    world.keep("a", rows_entry("e", 4, rejected(1, 3)))
    report = world.replay()
    (line,) = sent[0].lines
    assert (line.data, line.ids, line.indices, line.row_count) == (call_of("e", 4), ["e_1", "e_3"], [1, 3], 4)
    assert (report.inferences.made, report.inferences.accepted) == (2, 1)
    (left,) = world.entries()["a"]
    assert [list(one.rows or ()) for one in left.rejections] == [[3]]
