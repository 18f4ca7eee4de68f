"""The scenarios that broke well-known forwarders, through the real handler: real queue, real sockets, real processes.

Each runs without a schema, so on the plain path, and with one, so on the compiled path. B and N run in
`contracts/test_handler.py`, G in `test_replay.py`, H and I in `unit/test_lines.py`.
"""

import gzip
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from urllib.parse import quote_plus
from uuid import uuid4

import boto3
import pytest

from benchmarks.trace import Tracer
from tests.faults.flaky import Always, Failure, Script, flaky
from tests.faults.load import CaptureLoad, Offered
from tests.faults.worker import running_supervisor
from tests.support.captures import base64_side, capture, csv_side
from tests.support.sentinels import PAYLOAD, TOKEN
from tests.worlds import BOTH_PATHS, BUCKET, PREFIX, SECRET, SECRET_NAME, Schema, World, running_world

CREATED = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}


@pytest.fixture(params=Schema)
def schema(request: pytest.FixtureRequest) -> Schema:
    """Give each schema in turn."""
    chosen: Schema = request.param
    return chosen


@pytest.fixture
def world(tmp_path: Path, schema: Schema) -> Iterator[World]:
    """Give an empty world, in which a message that failed is visible again at once."""
    with running_world(tmp_path, schema) as running:
        yield running


def call(name: object) -> bytes:
    """Return the capture of one call with one row."""
    return capture(csv_side(f"1,2.5,{PAYLOAD}"), csv_side("0.5"), inferenceId=f"id-{name}")


class EverySecond(Script):
    """The first request of every two fails."""

    def choose(self, method: str) -> Failure | None:
        """Return 503 for every second request."""
        return Failure.STATUS_503 if self.requests.total() % 2 else None


class Together(Script):
    """Holds back each request to send rows until four have come."""

    def __init__(self) -> None:
        super().__init__()
        self._barrier = Barrier(4, timeout=10)

    def next(self, method: str) -> Failure | None:
        """Wait for three others."""
        if method == "POST":
            self._barrier.wait()
        return None


def test_a_a_missing_object_never_affects_its_neighbours(world: World) -> None:
    """A deleted object is in quarantine, one of another bucket fails alone, and the others are delivered."""
    gone = {"bucket": BUCKET, "key": f"{PREFIX}gone.jsonl", "etag": "x"}
    missing = {"bucket": "other", "key": f"{PREFIX}x.jsonl"}
    ground_truth = {"bucket": BUCKET, "key": f"{PREFIX}x.csv"}
    world.send(world.put("a", call(1)), gone, missing, ground_truth, world.put("b", call(2)))
    assert len(world.poll()) == 1
    assert world.times_received() == {"id-1": 1, "id-2": 1}
    assert [entry["code"] for entry in world.quarantined()] == ["object_gone"]
    assert world.waiting() == 1


def test_c_both_records_of_one_message_are_forwarded(world: World) -> None:
    """S3 may put several records into one message; other forwarders took the first only."""
    items = [world.put(name, call(name)) for name in ("one", "two")]
    found = [{"key": quote_plus(item["key"]), "eTag": item["etag"], "size": item["size"]} for item in items]
    world.send({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": each}} | CREATED for each in found]})
    assert world.poll() == []
    assert world.times_received() == {"id-one": 1, "id-two": 1}


def test_d_rows_that_the_api_refuses_are_kept_in_quarantine(world: World) -> None:
    """An API that answers every request to send rows with 400: each row is in quarantine with its line."""
    with flaky(world.monitor.url, Always(Failure.REFUSED, "POST")) as url:
        world.configure(url)
        world.send(world.put("a", *(call(number) for number in range(50))))
        assert world.poll() == []
    entries = world.quarantined()
    assert {entry["partner_inference_id"] for entry in entries} == {f"id-{number}" for number in range(50)}
    assert {entry["data"].encode() for entry in entries} == {call(number) for number in range(50)}
    assert {entry["code"] for entry in entries} == {"refused_by_destination"}


@pytest.mark.lengthy
@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_e_an_outage_of_thirty_cycles_makes_no_dead_letter(world: World) -> None:
    """Down for thirty polls with a redrive after five: no row is lost, no message multiplies, only poison is dead.

    When the queue's answer comes too late, an object has two messages until the next poll.
    """
    script = Always(Failure.STATUS_500)
    with flaky(world.monitor.url, script) as url:
        world.configure(url, max_inferences=10)
        world.send(*(world.put(f"o{number}", *(call(f"{number}-{line}") for line in range(30))) for number in range(5)))
        world.send({"hello": "poison"})
        for _ in range(30):
            world.poll(timeout_secs=1.5)
            assert world.waiting() <= 2 * 5 + 1
        assert script.requests.total() >= 24, "too many polls made no request"
        assert world.waiting(world.dead_letters) == 1
        assert world.times_received() == {}
        script.down = False
        world.drain()
    assert len(world.times_received()) == 150
    assert world.waiting(world.dead_letters) == 1


def test_f_all_rows_arrive_when_every_second_request_fails(world: World) -> None:
    """503 for every second request costs a second try, or a second message when a model cannot be read; no row."""
    script = EverySecond()
    with flaky(world.monitor.url, script) as url:
        world.configure(url, max_inferences=10)
        world.send(world.put("a", *(call(number) for number in range(100))))
        assert world.drain() == (2 if world.schema is Schema.MODEL else 1)
    assert world.times_received() == {f"id-{number}": 1 for number in range(100)}
    assert script.failures.total() >= 10


def test_j_lines_of_megabytes_arrive_and_so_do_their_neighbours(world: World) -> None:
    """Lines of 1, 5 and 8 MB; the last is larger than a request may be, and is sent alone."""
    sizes = [10, 1_000_000, 10, 5_000_000, 10, 8_000_000, 10]
    lines = [
        capture(csv_side(f"1,2.5,{'x' * size}"), csv_side("0.5"), eventId=f"line-{number}")
        for number, size in enumerate(sizes)
    ]
    world.send(world.put("a", body=b"\n".join(lines)))
    assert world.poll() == []
    stored_sizes = {partner_id: len(values["feature_2"]) for partner_id, values in world.stored().items()}
    assert stored_sizes == {f"line-{number}": size for number, size in enumerate(sizes)}


def test_k_a_truncated_gzip_object_is_rejected_after_its_readable_lines(world: World) -> None:
    """Lines before the cut are delivered, and the cut is in quarantine."""
    whole = gzip.compress(b"".join(call(uuid4()) + b"\n" for _ in range(2000)))
    world.send(world.put("a", body=whole[:-20]), world.put("b", call("next")))
    assert world.poll() == []
    assert [entry["code"] for entry in world.quarantined()] == ["object_truncated"]
    assert "id-next" in world.times_received()
    assert 1500 < len(world.times_received()) < 2001


@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_l_memory_does_not_grow_with_the_object(tmp_path: Path, schema: Schema) -> None:
    """Sixty megabytes take hardly more memory than one: an object is never held whole."""
    peaks_kb = {}
    for megabytes in (1, 60):
        log = tmp_path / f"{megabytes}.log"
        with running_world(tmp_path, schema, visibility_secs=60) as world:
            world.configure(max_inferences=10, max_in_flight=4)
            offered = Offered(world)
            with running_supervisor(world.queue, timeout_secs=60, log=log) as supervisor:
                offered.offer([[wide_load(f"of-{megabytes}", megabytes * 50)]])
                supervisor.start()
                peaks_kb[megabytes] = supervisor.wait_for("peak")
                supervisor.kill(signal.SIGTERM)
            offered.check(log.read_text(encoding="utf-8"))
    assert peaks_kb[60] - peaks_kb[1] < 15_000


def wide_load(name: str, lines: int) -> CaptureLoad:
    """Return a capture object of so many lines of 20 kB."""
    wide = {"customAttributes": "x" * 20_000}
    ids = [f"{name}-{number}" for number in range(lines)]
    values = {"feature_0": 1, "feature_1": 2.5, "feature_2": "a", "prediction_0": 0.5}
    return CaptureLoad(
        name=name,
        lines=[capture(csv_side("1,2.5,a"), csv_side("0.5"), inferenceId=each, **wide) for each in ids],
        inferences=dict.fromkeys(ids, values),
        line_of={each: number for number, each in enumerate(ids, start=1)},
    )


def test_m_requests_overlap(world: World) -> None:
    """Four requests are at the API at once: each waits there until the three others have come."""
    with flaky(world.monitor.url, Together()) as url:
        world.configure(url, max_inferences=10, max_in_flight=4)
        world.send(world.put("a", *(call(number) for number in range(80))))
        assert world.poll() == []
    assert len(world.times_received()) == 80


def test_o_quotes_rows_and_base64_arrive_with_their_values(world: World) -> None:
    """A quoted comma and line end, several rows in one call, and BASE64."""
    request = b'1,2.5,"a, ""b"", c\nd"\n2,3.5,f\n'
    line = capture(base64_side(request, "text/csv"), csv_side("0.1\n0.2\n"), eventId="o")
    world.send(world.put("a", line))
    assert world.poll() == []
    assert world.stored() == {
        "o_0": {"feature_0": 1, "feature_1": 2.5, "feature_2": 'a, "b", c\nd', "prediction_0": 0.1},
        "o_1": {"feature_0": 2, "feature_1": 3.5, "feature_2": "f", "prediction_0": 0.2},
    }


def test_p_a_rotated_token_is_read_again_once(world: World) -> None:
    """A new token is used in the middle of a run. While it is wrong, the rows stay pending in one message."""
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name=SECRET_NAME, SecretString=TOKEN)
    world.configure(secret=SECRET)
    world.send(world.put("a", call(1)))
    world.poll()
    secrets.put_secret_value(SecretId=SECRET_NAME, SecretString="wrong")
    world.configure(max_inferences=1, max_in_flight=1, secret=SECRET)
    world.send(world.put("b", *(call(number) for number in range(2, 40))))
    assert world.poll() == []
    assert world.times_received() == {"id-1": 1}
    assert world.waiting() == 1
    secrets.put_secret_value(SecretId=SECRET_NAME, SecretString=TOKEN)
    world.configure(secret=SECRET)  # a new process; the old one reads the token again after a minute
    assert world.poll() == []
    assert len(world.times_received()) == 39
    assert world.waiting() == world.waiting(world.dead_letters) == 0


@pytest.mark.parametrize("schema", BOTH_PATHS)
def test_q_an_object_of_many_invocations_is_sent_once(world: World) -> None:
    """When time runs out in the middle of an object, the next invocation continues at the committed offset."""
    with flaky(world.monitor.url, Always(Failure.SLOW)) as url:
        world.configure(url, max_inferences=10, max_in_flight=1)
        world.send(world.put("a", *(call(number) for number in range(100))))
        assert world.drain(timeout_secs=2.5) >= 3
    assert world.times_received() == {f"id-{number}": 1 for number in range(100)}
    assert world.waiting(world.dead_letters) == 0


def test_a_row_of_a_wrong_type_is_rejected_alone(world: World) -> None:
    """With a schema the function rejects it, without one the API; its neighbours are delivered."""
    wrong = capture(csv_side(f"1,{PAYLOAD},a"), csv_side("0.5"), inferenceId="id-wrong")
    world.send(world.put("a", call(1), wrong, call(2)))
    assert world.poll() == []
    assert world.times_received() == {"id-1": 1, "id-2": 1}
    (entry,) = world.quarantined()
    assert (entry["code"], entry["line"], entry["row_index"]) == (world.schema.wrong_type_code, 2, 0)
    assert entry["partner_inference_id"] == "id-wrong"


def test_the_schema_decides_the_path_of_a_line(world: World) -> None:
    """The plain path may read the first line, from which the compiled path learns, and no other."""
    world.send(world.put("a", *(call(number) for number in range(20))))
    trace = Tracer().trace(world.poll)
    assert len(world.times_received()) == 20
    plain_lines = trace.count("decode_record")
    assert plain_lines <= 1
