"""Conservation: every line and row ends in exactly one place, for any objects, answers and failures."""

from hypothesis import given

from capture_forwarder.domain.conservation import ObjectState
from tests.properties.stories import PLANS, Plan, Story


@given(PLANS)
def test_in_the_end_everything_is_in_exactly_one_place(plan: Plan) -> None:
    """After enough redeliveries each inference is stored or in quarantine, and each bad line in quarantine, once."""
    story = Story(plan)
    story.told()
    refused = story.refused()
    assert set(story.world.destination.stored) == story.ids - refused
    kept = story.kept()
    assert {entry.partner_inference_id for _, entry in kept if entry.partner_inference_id} == refused
    assert {(key, entry.line) for key, entry in kept if not entry.partner_inference_id} == story.bad_lines
    # Dying after quarantine and before progress may leave an entry in a second file; its place tells that it is the same.
    if not any(plan.progress_fails):
        assert len(kept) == len(refused) + len(story.bad_lines)


@given(PLANS)
def test_a_world_that_is_settled_stays_so(plan: Plan) -> None:
    """Once everything is settled, delivering every message again sends nothing and keeps nothing more."""
    story = Story(plan)
    story.told()
    sent = len(story.world.destination.batches)
    kept = story.kept()
    story.later(900.0)
    reports = story.world.forward(*story.works)
    assert {report.state for report in reports} <= {ObjectState.DONE_BEFORE}
    assert len(story.world.destination.batches) == sent
    assert story.kept() == kept
