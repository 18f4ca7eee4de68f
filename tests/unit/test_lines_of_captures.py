"""Lines that are skipped, lines that are no captures, and captures with other keys than usual."""

import pytest

from capture_forwarder.domain.delivery import Rejection, RejectionCode, Skipped, SkipReason
from capture_forwarder.domain.inference import Inference
from capture_forwarder.kinds.captures.plain import Decoded
from tests.support.captures import capture, csv_side, outcome_of


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", SkipReason.BLANK_LINE),
        (b" \r", SkipReason.BLANK_LINE),
        (capture(csv_side("1"), csv_side("2"), invocationSource="ShadowExperiment"), SkipReason.SHADOW),
        (b'{"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"1"}}', SkipReason.GROUND_TRUTH),
        (
            b'{"groundTruthData":{"data":"1"},"captureData":{"batchTransformOutput":{"data":"1"}},"eventMetadata":{}}',
            SkipReason.MERGED,
        ),
    ],
)
def test_a_skipped_line_has_a_reason(line: bytes, reason: SkipReason) -> None:
    """Shadow copies, labels, merged records and blank lines are counted and not forwarded."""
    assert outcome_of(line) == Skipped(reason, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"{", RejectionCode.LINE_NOT_JSON),
        (b"\xff", RejectionCode.LINE_NOT_JSON),
        (b'{"a":' * 100_000, RejectionCode.LINE_NOT_JSON),
        (b"{} {}", RejectionCode.LINE_NOT_JSON),
        (b"3", RejectionCode.NOT_A_CAPTURE),
        (b'"a"', RejectionCode.NOT_A_CAPTURE),
        (b"{}", RejectionCode.NOT_A_CAPTURE),
        (b'{"captureData":{}}', RejectionCode.NOT_A_CAPTURE),
        (b'{"captureData":{},"eventMetadata":{"eventId":"1"}}', RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), eventId=""), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), eventId=None), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), time="yesterday"), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1"), csv_side("2"), time="2023-03-24T13:40:21"), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1") | {"encoding": "NONE"}, csv_side("2")), RejectionCode.NOT_A_CAPTURE),
        (capture(csv_side("1") | {"data": {"a": 1}}, csv_side("2")), RejectionCode.NOT_A_CAPTURE),
        (b'{"SageMakerInferenceId":"1","SageMakerOutput":{}}', RejectionCode.NOT_A_CAPTURE),
    ],
)
def test_a_line_that_is_not_a_capture_is_rejected(line: bytes, expected: RejectionCode) -> None:
    """The sentence holds no captured value."""
    outcome = outcome_of(line)
    assert isinstance(outcome, Rejection)
    assert outcome.code is expected
    assert "yesterday" not in outcome.why


def test_unknown_keys_and_the_order_of_keys_do_not_matter() -> None:
    """Merge jobs and SDK test data add keys and write them in another order."""
    line = (
        b'{"eventVersion":"0","new":{"a":[1]},"eventMetadata":{"inferenceTime":"2023-03-24T13:40:21Z","customAttributes":'
        b'["a=b"],"eventId":"e"},"captureData":{"x":1,"endpointOutput":{"encoding":"CSV","data":"2"},"endpointInput":'
        b'{"data":"1","encoding":"CSV","observedContentType":null}}}'
    )
    outcome = outcome_of(line)
    assert isinstance(outcome, Decoded)
    (row,) = outcome.rows
    assert isinstance(row, Inference)
    assert row.partner_inference_id == "e"
    assert row.inference_timestamp.isoformat() == "2023-03-24T13:40:21+00:00"
