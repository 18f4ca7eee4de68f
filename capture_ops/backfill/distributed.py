"""The distributed form: the stack's state machine, started and followed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from rich.progress import Progress

from capture_forwarder.aws.errors import code_of
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.selection import Selection

_FIRST_PAUSE_SECS = 0.25
_LONGEST_PAUSE_SECS = 5.0


class Followed(Struct, frozen=True):
    """An execution as it stands; `listed` and `ended` count the objects of its map run, once it has begun one."""

    status: str
    output: str | None = None
    why: str | None = None
    map_run: str | None = None
    listed: int = 0
    ended: int = 0

    @property
    def running(self) -> bool:
        """Tell whether it goes on."""
        return self.status == "RUNNING"


class StateMachine:
    """The state machine that the stack has for backfills."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        self._client: Any = boto3.client("stepfunctions", region_name=arn.split(":")[3])

    def start(self, selection: Selection) -> str:
        """Start a backfill of `selection` and return the execution's ARN. Raises `Unavailable`."""
        window = selection.window
        asked = {
            "bucket": selection.bucket,
            "prefix": selection.prefix,
            "since": window.since.isoformat() if window.since else None,
            "until": window.until.isoformat() if window.until else None,
            "suffixes": window.suffixes,
        }
        with _told("states:StartExecution"):
            started = self._client.start_execution(stateMachineArn=self.arn, input=json.dumps(asked))
        return str(started["executionArn"])

    def look(self, execution: str) -> Followed:
        """Return how `execution` stands. Raises `Unavailable`."""
        with _told("states:DescribeExecution, states:ListMapRuns and states:DescribeMapRun"):
            found = self._client.describe_execution(executionArn=execution)
            runs = self._client.list_map_runs(executionArn=execution)["mapRuns"]
            map_run = runs[0]["mapRunArn"] if runs else None
            counts = self._client.describe_map_run(mapRunArn=map_run)["itemCounts"] if map_run else {}
        return Followed(
            found["status"],
            found.get("output"),
            ": ".join(found[part] for part in ("error", "cause") if found.get(part)) or None,
            map_run,
            counts.get("total", 0),
            sum(counts.get(end, 0) for end in ("succeeded", "failed", "timedOut", "aborted")),
        )

    def results_at(self) -> tuple[str, str]:
        """Return the bucket and the prefix that the results of every map run are written to. Raises `Unavailable`."""
        with _told("states:DescribeStateMachine"):
            found = self._client.describe_state_machine(stateMachineArn=self.arn)
        states = json.loads(found["definition"])["States"].values()
        (where,) = (state["ResultWriter"]["Parameters"] for state in states if "ResultWriter" in state)
        return where["Bucket"], where["Prefix"]


def follow(look: Callable[[], Followed], stopped: Event, progress: Progress) -> Followed:
    """Show how far an execution is until it ends, or until `stopped` is set; return how it stood last."""
    task = progress.add_task("objects", total=None)
    for pause in _pauses():
        followed = look()
        progress.update(task, total=followed.listed or None, completed=followed.ended)
        if not followed.running or stopped.wait(pause):
            return followed
    raise AssertionError  # there is always one more pause


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_SECS
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECS)


@contextmanager
def _told(actions: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            f"Step Functions answers {code_of(error)}; check the state machine's ARN, and that you may {actions}"
        ) from error
