"""The scenarios that broke well-known forwarders, through the real handler: real queue, real sockets, real processes.

B, C, J, N and O run in `contracts/test_handler.py`, G in `test_replay.py`, H and I in `unit/test_lines.py`.
"""

import gzip
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import boto3
import pytest

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES
from capture_forwarder.handler import make_handler
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from tests.faults.flaky import Script, Way, flaky
from tests.faults.load import PREFIX, CaptureLoad
from tests.faults.poller import Poller
from tests.faults.worker import nursery
from tests.faults.world import running_world
from tests.support.captures import capture, csv_side
from tests.support.sentinels import PAYLOAD, TOKEN

BUCKET = "captures"
CONFIG = """
[function]
first_delay_secs = 0

[[destination]]
name = "monitor"
kind = "arthur"
url = "{url}"
secret = "secretsmanager:token"
max_inferences = {max_inferences}
max_in_flight = {max_in_flight}
read_timeout_secs = 5.0

[[route]]
name = "churn"
bucket = "captures"
prefix = "churn/"
destination = "monitor"
model_id = "churn"
"""


class World:
    """A queue with a dead-letter queue, a bucket, a secret, and a monitor behind whatever stands before it."""

    def __init__(self, monitor: Monitor, folder: Path) -> None:
        self.monitor = monitor
        self._folder = folder
        self._s3, self._sqs = boto3.client("s3"), boto3.client("sqs")
        self._secrets = boto3.client("secretsmanager")
        self._secrets.create_secret(Name="token", SecretString=TOKEN)
        self.dead_letters = self._sqs.create_queue(QueueName=f"dead-{uuid4()}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=["QueueArn"])["Attributes"]
        redrive = json.dumps({"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 5})
        self.queue = self._sqs.create_queue(
            QueueName=f"queue-{uuid4()}", Attributes={"VisibilityTimeout": "0", "RedrivePolicy": redrive}
        )["QueueUrl"]
        os.environ[RESOURCE_VARIABLES["queue_url"]] = self.queue

    def configure(self, url: str, *, max_inferences: int = 1000, max_in_flight: int = 8) -> None:
        """Point the function at `url`."""
        config = self._folder / "forwarder.toml"
        config.write_text(CONFIG.format(url=url, max_inferences=max_inferences, max_in_flight=max_in_flight))
        os.environ[CONFIG_VARIABLE] = str(config)
        self._handler = make_handler(build_runtime(os.environ))

    def rotate(self, token: str) -> None:
        """Put another token into the secret."""
        self._secrets.put_secret_value(SecretId="token", SecretString=token)

    def put(self, key: str, *lines: bytes, body: bytes | None = None) -> dict[str, Any]:
        """Store an object below the route and return its item."""
        data = body if body is not None else b"".join(line + b"\n" for line in lines)
        etag = self._s3.put_object(Bucket=BUCKET, Key=f"churn/{key}", Body=data)["ETag"].strip('"')
        return {"bucket": BUCKET, "key": f"churn/{key}", "etag": etag, "size": len(data)}

    def send(self, *bodies: Any) -> None:
        """Send a message a body."""
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def poll(self, timeout_secs: float = 30.0) -> list[str]:
        """Let the function run once on what waits; return which messages failed."""
        poller = Poller(self.queue, self._handler, timeout_secs)
        messages = poller.receive()
        if not messages:
            return []
        answer = poller.handle(messages)
        poller.delete(messages, answer)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def waiting(self, queue: str | None = None) -> int:
        """Return how many messages a queue holds."""
        answer = self._sqs.get_queue_attributes(QueueUrl=queue or self.queue, AttributeNames=["All"])["Attributes"]
        return sum(int(number) for name, number in answer.items() if name.startswith("ApproximateNumberOfMessages"))

    def quarantined(self) -> list[dict[str, Any]]:
        """Return every entry in quarantine."""
        found = self._s3.list_objects_v2(Bucket="quarantine").get("Contents", [])
        bodies = [self._s3.get_object(Bucket="quarantine", Key=each["Key"])["Body"].read() for each in found]
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]

    def times_received(self) -> dict[str, int]:
        """Return how often the monitor received each inference."""
        return {one.partner_inference_id: one.times_received for one in self.monitor.store.inferences("churn")}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world with nothing in it."""
    with local_aws(BUCKET), running_monitor([Model("churn", "churn")], token=TOKEN) as monitor:
        made = World(monitor, tmp_path)
        made.configure(monitor.url)
        yield made


def call(name: object) -> bytes:
    """Return the capture of one call with one row."""
    return capture(csv_side(f"1,{PAYLOAD}"), csv_side("0.5"), inferenceId=f"id-{name}")


class Always(Script):
    """Every request fails in one way, as long as `down`."""

    def __init__(self, way: Way) -> None:
        super().__init__(0, 0)
        self.down = True
        self._way = way

    def next(self) -> Way | None:
        """Return the way while it is down."""
        self.requests += 1
        return self._way if self.down else None


class EverySecond(Script):
    """The first request of every two fails."""

    def next(self) -> Way | None:
        """Return 503 for every second request."""
        self.requests += 1
        return Way.STATUS_503 if self.requests % 2 else None


class Together(Script):
    """Lets nobody through before four are there."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self._barrier = Barrier(4, timeout=10)

    def next(self) -> Way | None:
        """Wait for three others."""
        self._barrier.wait()
        return None


def test_a_what_is_missing_costs_its_neighbours_nothing(world: World) -> None:
    """A deleted object is in quarantine, one in a bucket that is not there is still owed, the others are delivered."""
    gone = {"bucket": BUCKET, "key": "churn/gone", "etag": "x"}
    world.send(world.put("a", call(1)), gone, {"bucket": "other", "key": "churn/x"}, world.put("b", call(2)))
    assert world.poll() == []
    assert world.times_received() == {"id-1": 1, "id-2": 1}
    assert [entry["code"] for entry in world.quarantined()] == ["object_gone"]
    assert world.waiting() == 0


@contextmanager
def refusing() -> Iterator[str]:
    """Serve an API that answers 400 to everything, and repeats what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_d_what_is_refused_is_kept(world: World) -> None:
    """An API that answers 400 to everything: every row is in quarantine with its line, none is dropped."""
    with refusing() as url:
        world.configure(url)
        world.send(world.put("a", *(call(number) for number in range(50))))
        assert world.poll() == []
    entries = world.quarantined()
    assert {entry["partner_inference_id"] for entry in entries} == {f"id-{number}" for number in range(50)}
    assert {entry["data"].encode() for entry in entries} == {call(number) for number in range(50)}


def test_e_an_outage_of_fifty_cycles_dead_letters_nothing(world: World) -> None:
    """Down for fifty polls with a redrive after five: nothing is lost, nothing multiplies, only poison is dead."""
    script = Always(Way.STATUS_500)
    with flaky(world.monitor.url, script) as url:
        world.configure(url, max_inferences=10)
        world.send(*(world.put(f"o{number}", *(call(f"{number}-{line}") for line in range(30))) for number in range(5)))
        world.send({"hello": "poison"})
        for _ in range(50):
            world.poll(timeout_secs=0.3)
            assert world.waiting() <= 6
        assert world.waiting(world.dead_letters) == 1
        assert world.times_received() == {}
        script.down = False
        while world.waiting():
            world.poll()
    assert len(world.times_received()) == 150
    assert world.waiting(world.dead_letters) == 1


def test_f_every_second_request_fails_and_all_arrives(world: World) -> None:
    """503 for every second request costs a second try, and no row."""
    with flaky(world.monitor.url, EverySecond(0, 0)) as url:
        world.configure(url, max_inferences=10)
        world.send(world.put("a", *(call(number) for number in range(100))))
        assert world.poll() == []
    assert world.times_received() == {f"id-{number}": 1 for number in range(100)}


def test_k_a_truncated_gzip_object_is_no_success(world: World) -> None:
    """What could be read is delivered, and the cut is in quarantine for somebody to mend."""
    whole = gzip.compress(b"".join(call(uuid4()) + b"\n" for _ in range(2000)))
    world.send(world.put("a", body=whole[:-20]), world.put("b", call("next")))
    assert world.poll() == []
    assert [entry["code"] for entry in world.quarantined()] == ["object_truncated"]
    assert "id-next" in world.times_received()
    assert 1500 < len(world.times_received()) < 2001


def test_l_memory_does_not_grow_with_the_object(tmp_path: Path) -> None:
    """Sixty megabytes take hardly more than one: nothing holds more of an object than what is under way."""
    peaks_kb = {}
    for megabytes in (1, 60):
        with running_world(tmp_path, visibility_secs=60, max_receives=5) as world:
            world.configure(world.monitor.url, checkpoint_secs=20, max_inferences=10, max_in_flight=4)
            with nursery(world.queue, timeout_secs=60, log=world.log) as workers:
                world.offer([[wide_load(f"of-{megabytes}", megabytes * 50)]])
                workers.start()
                peaks_kb[megabytes] = workers.wait_for("peak")
                workers.kill(signal.SIGTERM)
            world.check()
    assert peaks_kb[60] - peaks_kb[1] < 15_000


def wide_load(name: str, lines: int) -> CaptureLoad:
    """Return a capture object of so many lines of 20 kB."""
    wide = {"customAttributes": "x" * 20_000}
    ids = [f"{name}-{number}" for number in range(lines)]
    return CaptureLoad(
        key=f"{PREFIX}{name}.jsonl",
        lines=[capture(csv_side("1,2.5"), csv_side("0.5"), inferenceId=each, **wide) for each in ids],
        inferences={each: {"feature_0": 1, "feature_1": 2.5, "prediction_0": 0.5} for each in ids},
        line_of={each: number for number, each in enumerate(ids, start=1)},
    )


def test_m_posts_overlap(world: World) -> None:
    """Four requests are at the API at once: each waits there until the three others have come."""
    with flaky(world.monitor.url, Together()) as url:
        world.configure(url, max_inferences=10, max_in_flight=4)
        world.send(world.put("a", *(call(number) for number in range(80))))
        assert world.poll() == []
    assert len(world.times_received()) == 80


def test_p_a_token_that_rotates_is_read_again_once(world: World) -> None:
    """A new token is taken in the middle of a run; one that stays wrong closes the way and leaves the data owed."""
    world.send(world.put("a", call(1)))
    world.poll()
    world.rotate("wrong")
    world.configure(world.monitor.url, max_inferences=1, max_in_flight=1)
    world.send(world.put("b", *(call(number) for number in range(2, 40))))
    assert world.poll() == []
    assert world.times_received() == {"id-1": 1}
    assert world.waiting() == 1
    world.rotate(TOKEN)
    assert world.poll() == []
    assert len(world.times_received()) == 39
    assert world.waiting() == world.waiting(world.dead_letters) == 0


def test_q_time_runs_out_and_no_id_is_sent_twice(world: World) -> None:
    """An object that takes many invocations is continued where it was settled, each time in time."""
    with flaky(world.monitor.url, Always(Way.SLOW)) as url:
        world.configure(url, max_inferences=10, max_in_flight=1)
        world.send(world.put("a", *(call(number) for number in range(100))))
        invocations = 0
        while world.waiting():
            assert world.poll(timeout_secs=2.5) == []
            invocations += 1
    assert invocations >= 3
    assert world.times_received() == {f"id-{number}": 1 for number in range(100)}
    assert world.waiting(world.dead_letters) == 0
