"""The evaluator of alarms gives the states of CloudWatch's own examples."""

import pytest

from tests.support.alarm_evaluator import state_of_points
from tests.support.metric_math import Value, evaluated

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
# 0 is within the threshold, X exceeds it, - is missing. The states are for breaching, and for notBreaching.
THREE_OF_THREE = [
    ("0-X-X", "OK", "OK"),
    ("0----", "OK", "OK"),
    ("-----", "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM"),
    ("----X", "ALARM", "OK"),
    ("X----", "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0-X-X", "ALARM", "ALARM"),
    ("00X0X", "ALARM", "ALARM"),
    ("0-X--", "ALARM", "OK"),
    ("----0", "ALARM", "OK"),
    ("----X", "ALARM", "OK"),
]
CASES = [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE]


@pytest.mark.parametrize(("datapoints", "points", "breaching", "not_breaching"), CASES)
def test_the_examples_of_aws(datapoints: int, points: str, breaching: str, not_breaching: str) -> None:
    """Both tables of the page, without the columns for settings that no alarm has."""
    values: list[Value] = [{"0": 0.0, "X": 1.0}.get(point) for point in points]
    for missing, expected in (("breaching", breaching), ("notBreaching", not_breaching)):
        alarm = {
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": datapoints,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": missing,
        }
        assert state_of_points(alarm, values) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * FILL(none, 0) / many", 0),
        ("100 * few / none", None),
        ("few / zero", None),
        ("0.9 * 0.2 * many - 4 * SQRT(0.2 * 0.8 * many) - FILL(few, 0)", 0.9 * 20 - 16 - 3),
        ("SQRT(few - many)", None),
        ("IF(many > 0, few, 7)", 3),
        ("IF(zero > 0, few, 7)", 7),
        ("SUM([FILL(few, 0), FILL(none, 0)])", 3),
        ("MAX([few, none, many])", 100),
    ],
)
def test_metric_math(expression: str, expected: float | None) -> None:
    assert evaluated(expression, {"many": 100, "few": 3, "zero": 0, "none": None}) == pytest.approx(expected)


@pytest.mark.parametrize("expression", ["RATE(few)", "few ** 2", "unknown + 1", "'text'"])
def test_other_math_is_refused(expression: str) -> None:
    """The evaluator never guesses."""
    with pytest.raises(ValueError, match="no alarm uses"):
        evaluated(expression, {"few": 3})
