"""Each alert of the page and of its later text goes off above its threshold, and recovers: A1 to A4, B1 to B7, disk."""

import pytest

from tests.infra.conftest import Stacks
from tests.infra.observability.synthesised import alarms, by_period, of_variant
from tests.support.alarm_evaluator import key

ON_AND_OFF = ["OK", "ALARM", "OK"]
QUIET = ["OK"]


@pytest.mark.parametrize(
    ("periods", "expected"),
    [([[0], [0, 1, 0], [0], [0]], ON_AND_OFF), ([[0], [0]], QUIET), ([[1], [], [], []], ON_AND_OFF), ([], QUIET)],
)
def test_a1_goes_off_at_one_delete_call(stacks: Stacks, periods: list[list[float]], expected: list[str]) -> None:
    """The metric filter writes 0 for other events, and no value where there is no event."""
    delete = alarms(stacks)["DeleteCalls"]
    assert by_period(delete, key("CaptureForwarder/Audit/capture-forwarder", "DeleteCalls"), periods) == expected


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        ([4_900_000], QUIET),
        ([5_000_000], QUIET),
        ([5_100_000], ON_AND_OFF),
        ([100_000, 9_000_000], QUIET),  # 4.55 s on average
        ([5100], QUIET),  # milliseconds in place of microseconds
    ],
)
def test_a2_goes_off_above_five_seconds(stacks: Stacks, microseconds: list[float], expected: list[str]) -> None:
    """SageMaker publishes microseconds, and the threshold of the page is in milliseconds."""
    metric = of_variant("AWS/SageMaker", "ModelLatency", "all")
    assert by_period(alarms(stacks)["ModelLatency/churn/all"], metric, [microseconds, [10_000]]) == expected


def test_a2_is_of_one_variant(stacks: Stacks) -> None:
    """A slow variant sets off its own alarm only."""
    metric = of_variant("AWS/SageMaker", "ModelLatency", "all")
    assert by_period(alarms(stacks)["ModelLatency/churn/fifth"], metric, [[9_000_000]]) == QUIET


@pytest.mark.parametrize(("denied", "expected"), [(5, QUIET), (6, ON_AND_OFF)])
def test_a3_goes_off_above_five_denied_calls(stacks: Stacks, denied: int, expected: list[str]) -> None:
    """In one window: each call is one value."""
    metric = key("CaptureForwarder/Audit/capture-forwarder", "DeniedCalls")
    assert by_period(alarms(stacks)["DeniedCalls"], metric, [[1] * denied, [0]]) == expected


def test_a3_does_not_add_the_windows(stacks: Stacks) -> None:
    """Five calls in each of two windows are not more than five in one."""
    metric = key("CaptureForwarder/Audit/capture-forwarder", "DeniedCalls")
    assert by_period(alarms(stacks)["DeniedCalls"], metric, [[1] * 5, [1] * 5]) == QUIET


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ([[1] * 5 + [0] * 100], QUIET),
        ([[1] * 6 + [0] * 100, [0] * 100], ON_AND_OFF),
        ([[1] * 6, [], []], ON_AND_OFF),  # no call follows, so the metric ends
        ([[], [1] * 6, [], [0]], ON_AND_OFF),  # in a gap the last value counts
    ],
)
def test_a4_goes_off_above_five_server_errors(stacks: Stacks, periods: list[list[float]], expected: list[str]) -> None:
    """SageMaker writes 0 for each other call."""
    metric = of_variant("AWS/SageMaker", "Invocation5XXErrors", "all")
    found = by_period(alarms(stacks)["ServerErrors/churn/all"], metric, [*periods, [0], [0]])
    assert found == expected


@pytest.mark.parametrize(("milliseconds", "expected"), [(300_000, QUIET), (300_001, ON_AND_OFF)])
def test_b1_goes_off_above_five_minutes(stacks: Stacks, milliseconds: float, expected: list[str]) -> None:
    """The series of the account, which has no dimensions, covers all pipelines."""
    metric = key("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionDuration")
    assert by_period(alarms(stacks)["PipelineDuration"], metric, [[1000, milliseconds], [1000]]) == expected


JOBS = [
    pytest.param("ProcessingCpu", "ProcessingJobs", "CPUUtilization", 8, id="b2"),
    pytest.param("ProcessingGpu", "ProcessingJobs", "GPUUtilization", 4, id="b3"),
    pytest.param("TrainingCpu", "TrainingJobs", "CPUUtilization", 8, id="b4"),
    pytest.param("TrainingGpu", "TrainingJobs", "GPUUtilization", 4, id="b5"),
    pytest.param("TransformCpu", "TransformJobs", "CPUUtilization", 8, id="b6"),
    pytest.param("TransformGpu", "TransformJobs", "GPUUtilization", 4, id="b7"),
]


@pytest.mark.parametrize(("name", "jobs", "metric", "count"), JOBS)
def test_b2_to_b7_go_off_above_eighty_percent_of_all(
    stacks: Stacks, name: str, jobs: str, metric: str, count: int
) -> None:
    """300 % of 8 cores is less than half of them. A job that ends recovers the alarm."""
    found = key(f"/aws/sagemaker/{jobs}", metric, Host="a-job/algo-1")
    for percent, expected in ((300, QUIET), (80 * count, QUIET), (80 * count + 1, ON_AND_OFF)):
        assert by_period(alarms(stacks)[name], found, [[percent], [50], [], [], []]) == expected


@pytest.mark.parametrize(("name", "jobs", "metric", "count"), JOBS)
def test_one_busy_job_of_many_is_enough(stacks: Stacks, name: str, jobs: str, metric: str, count: int) -> None:
    """A metric that has other dimensions is not of a job."""
    other = key(f"/aws/sagemaker/{jobs}", metric, Host="a-job/algo-1", Part="1")
    assert by_period(alarms(stacks)[name], other, [[100 * count]]) == QUIET


@pytest.mark.parametrize(("percent", "expected"), [(75, QUIET), (75.5, ON_AND_OFF)])
def test_disk_goes_off_above_the_line_at_which_capturing_stops(
    stacks: Stacks, percent: float, expected: list[str]
) -> None:
    """One full instance is enough, so it is the largest value."""
    metric = of_variant("/aws/sagemaker/Endpoints", "DiskUtilization", "all")
    assert by_period(alarms(stacks)["DiskUse/churn/all"], metric, [[10, percent], [10]]) == expected
