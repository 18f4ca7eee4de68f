"""`CapturesRead` of the real function: a thousand lines, redelivered, resumed, shadow, blank and backfilled."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.flaky import Failure, Script, flaky
from tests.support.captures import capture, csv_side
from tests.worlds import Schema, World, running_world

_LISTED = """
[observability]

[[observability.endpoint]]
name = "churn"
sampling_percent = 100

[[observability.endpoint]]
name = "churn"
variant = "canary"
"""
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
YESTERDAY = HOUR - timedelta(days=1)


class OutageAfter(Script):
    """Requests with rows fail from the third on, until the destination is up again."""

    def __init__(self) -> None:
        super().__init__()
        self.up = False

    def choose(self, method: str) -> Failure | None:
        """Return the failure of a request with rows."""
        failing = method == "POST" and not self.up and self.requests[method] > 2
        return Failure.OUTAGE if failing else None


@pytest.fixture(params=[Schema.NONE, Schema.MODEL])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Run a world whose file lists two variants, on each path of a line."""
    with running_world(tmp_path, request.param) as running:
        yield running


def calls(name: str, count: int, hour: datetime) -> list[bytes]:
    """Return the lines of so many calls, all within one minute of `hour`."""
    time = (hour + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        capture(csv_side(f"{number},2.5,a"), csv_side("0.5"), time=time, inferenceId=f"{name}-{number}")
        for number in range(count)
    ]


def named(name: str, hour: datetime, variant: str = "churn/AllTraffic") -> str:
    """Return a key of SageMaker's, below the prefix of the route."""
    return f"{variant}/{hour:%Y/%m/%d/%H}/{name}"


def configure(world: World, url: str | None = None) -> None:
    """Write a file that lists the two variants."""
    world.configure(url, max_inferences=50, max_in_flight=1)
    world.config.write_text(world.config.read_text(encoding="utf-8") + _LISTED, encoding="utf-8")


def counted(text: str) -> Counter[tuple[str, str, datetime]]:
    """Return the sums of the metric by endpoint, variant and hour, as CloudWatch adds them up."""
    sums: Counter[tuple[str, str, datetime]] = Counter()
    for document in (json.loads(line) for line in text.splitlines() if '"_aws"' in line):
        if "CapturesRead" in document:
            time = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
            hour = time.replace(minute=0)
            sums[document["endpoint"], document["variant"], hour] += sum(document["CapturesRead"])
    return sums


def test_every_call_counts_once_in_its_hour(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """However it was delivered."""
    shadow = capture(csv_side("1,2.5,a"), csv_side("0.5"), invocationSource="ShadowExperiment")
    canary = [*calls("canary", 198, HOUR), shadow, b""]
    redelivered = world.put(named("redelivered", HOUR), *calls("redelivered", 300, HOUR))
    backfilled = world.put(named("late", YESTERDAY), *calls("late", 200, YESTERDAY))
    resumed = world.put(named("resumed", HOUR), *calls("resumed", 300, HOUR))
    script = OutageAfter()
    with flaky(world.monitor.url, script) as url:
        configure(world, url)
        world.send(resumed)
        assert world.poll() == []
        before = counted(capsys.readouterr().out)
        script.up = True
        configure(world, url)  # a new process: the old one waits as long as the destination asked for
        world.send(world.put(named("canary", HOUR, "churn/canary"), *canary), redelivered, {"backfill": [backfilled]})
        world.send(world.put(named("blue", HOUR, "churn/blue"), *calls("blue", 5, HOUR)))
        world.send(world.put("by-hand", *calls("by-hand", 5, HOUR)), resumed)
        assert world.poll() == []
        world.send(redelivered, resumed)
        assert world.poll() == []
    assert before == {("churn", "AllTraffic", HOUR): 100}
    assert before + counted(capsys.readouterr().out) == {
        ("churn", "AllTraffic", HOUR): 300 + 300,
        ("churn", "canary", HOUR): 198 + 1,
        ("churn", "AllTraffic", YESTERDAY): 200,
    }
    assert len(world.stored()) == 300 + 300 + 198 + 200 + 5 + 5


def test_without_the_section_there_is_no_metric(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """And no other change of what the function writes."""
    world.configure()
    world.send(world.put(named("a", HOUR), *calls("a", 3, HOUR)))
    world.drain()
    written = capsys.readouterr().out
    assert '"_aws"' in written
    assert "CapturesRead" not in written
