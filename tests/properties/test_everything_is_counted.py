"""Conservation: every line and row ends in exactly one place, for any objects, answers and failures."""

from hypothesis import given

from capture_forwarder.domain.conservation import ObjectState
from tests.properties.delivery_world import PLANS, DeliveryWorld, Plan


@given(PLANS)
def test_every_line_and_row_is_in_exactly_one_place(plan: Plan) -> None:
    """After enough redeliveries each inference is stored or in quarantine, and each bad line in quarantine, once."""
    delivery = DeliveryWorld(plan)
    delivery.deliver_all()
    refused = delivery.refused()
    assert set(delivery.world.destination.stored) == delivery.ids - refused
    kept = delivery.kept()
    assert {entry.partner_inference_id for _, entry in kept if entry.partner_inference_id} == refused
    assert {(key, entry.line) for key, entry in kept if not entry.partner_inference_id} == delivery.bad_lines
    assert len(kept) == len(refused) + len(delivery.bad_lines)


@given(PLANS)
def test_every_captured_call_counts_once(plan: Plan) -> None:
    """In the run that commits its line. If the answer of a save is lost, its calls are counted by no run."""
    delivery = DeliveryWorld(plan)
    delivery.deliver_all()
    captured = sum(kind not in ("broken", "blank") for kinds in plan.objects for kind in kinds)
    assert delivery.captures <= captured
    if "after" not in plan.progress_fails:
        assert delivery.captures == captured


@given(PLANS)
def test_delivering_every_message_again_changes_nothing(plan: Plan) -> None:
    """After everything is delivered, a second delivery of every message neither sends nor stores a row."""
    delivery = DeliveryWorld(plan)
    delivery.deliver_all()
    sent = len(delivery.world.destination.batches)
    kept = delivery.kept()
    delivery.stop_failing()
    delivery.later(900.0)
    reports = delivery.world.forward(*delivery.works)
    assert {report.state for report in reports} <= {ObjectState.DONE_BEFORE}
    assert len(delivery.world.destination.batches) == sent
    assert delivery.kept() == kept
