"""Calls that get no answer, or are always throttled: each ends, with a sentence."""

import logging
import socket
from collections.abc import Iterator

import pytest

from integrations.lineage import Lineage
from integrations.lineage.calls import Patience, client
from integrations.lineage.deadline import limited, remaining_secs
from integrations.lineage.errors import Invalid, NotFound, Throttled, TimedOut
from integrations.lineage.graph import Direction, Edge, Kind
from integrations.lineage.ports import Listed, Page, Query
from integrations.lineage.sagemaker import SageMaker
from integrations.lineage.walking.cycles import closing
from integrations.lineage.walking.querying import Options
from integrations.lineage.walking.walk import Caps
from tests.lineage.graphs import artifact, chain
from tests.lineage.in_memory import InMemory
from tests.lineage.test_commands import fake, run
from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import Fake

__all__ = ["fake", "run"]  # fixtures

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/x"


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen, and answer no request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("start", [ARN, "data"])
def test_a_call_without_an_answer_ends_with_the_time_of_the_query(silent: str, start: str) -> None:
    """Also the look-up of a name. The client itself would wait for a minute."""
    lineage = Lineage("eu-west-1", None, silent)
    with pytest.raises(TimedOut):
        lineage.query([start], Options(caps=Caps(timeout_secs=0.2)))


class Hanging(InMemory):
    """Answers one query, and then none in time."""

    def query(self, query: Query) -> Page:
        """Raise the error of the adapter at the second query."""
        if self.calls["query"]:
            raise TimedOut("SageMaker did not answer in time")
        return super().query(query)


@pytest.mark.parametrize("direction", [Direction.DOWN, Direction.BOTH])
def test_the_error_has_what_was_reached(direction: Direction) -> None:
    """As that of a query that ends between two calls."""
    store = Hanging(page_size=2)
    arns = chain(store, 8)
    with pytest.raises(TimedOut, match=r"^The query takes longer than 60 seconds: 2 vertices") as ended:
        Lineage(store=store).query(arns[:1], Options(direction=direction))
    assert ended.value.reached
    assert len(ended.value.reached.vertices) == 2


def test_the_check_for_cycles_ends_too() -> None:
    """It names its own option."""
    store = Hanging(page_size=1)
    arns = chain(store, 5)
    with pytest.raises(TimedOut, match="Give --allow-cycle to leave it out"):
        closing(store, [Edge(artifact(store, "z"), arns[0])], clock=lambda: 0)


def test_of_nested_limits_the_earlier_end_counts() -> None:
    """And after a block its limit is gone."""
    with limited(lambda: 5):
        with limited(lambda: 9):
            assert remaining_secs() == 5
        with limited(lambda: 1):
            assert remaining_secs() == 1
        assert remaining_secs() == 5
    assert remaining_secs() is None


@pytest.mark.usefixtures("fake")
def test_answers_and_errors_in_time_are_those_of_the_call() -> None:
    """The call runs in another thread."""
    store = SageMaker("eu-west-1")
    with limited(lambda: 60), pytest.raises(NotFound):
        store.describe(ARN, Kind.ARTIFACT)


def test_a_throttled_call_says_so_and_ends(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Although 50 tries are allowed. The warning names the call."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    fake.modes = Modes(throttle_every=1)
    made = client("eu-west-1", None, None, Patience(notice_secs=0, limit_secs=0.1))
    with caplog.at_level(logging.WARNING), pytest.raises(Throttled, match="run it again later"):
        SageMaker(boto3_client=made).describe(ARN, Kind.ARTIFACT)
    assert 2 <= fake.counts["DescribeArtifact"] < 20
    assert "SageMaker refuses DescribeArtifact because of too many requests" in caplog.text


def test_a_call_that_is_throttled_twice_says_nothing(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered soon."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    fake.modes = Modes(throttle_every=2)
    made = client("eu-west-1", None, None)
    store = SageMaker(boto3_client=made)
    assert list(store.list(Kind.CONTEXT, Listed())) == list(store.list(Kind.ACTION, Listed())) == []
    assert fake.counts["ListActions"] == 2
    assert caplog.text == ""


def test_what_boto3_refuses_is_invalid() -> None:
    """It is a wrong call, not a host that cannot be reached."""
    with pytest.raises(Invalid, match="Parameter validation failed:; Invalid length"):
        SageMaker("eu-west-1", None, "http://127.0.0.1:1").describe("", Kind.CONTEXT)
