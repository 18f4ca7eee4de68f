"""Every kind of destination end to end, and two destinations on one stack of which one is down or slow."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES
from capture_forwarder.domain.capture import CaptureObject, Work
from capture_forwarder.domain.conservation import ForwardReport, ObjectState
from capture_ops.cloud.local_aws import local_aws
from capture_ops.monitor.contract import Model
from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.captures import base64_side, capture, csv_side, json_side
from tests.support.destinations import KINDS
from tests.support.fakes import RecordingObserver
from tests.worlds import BUCKET, MODEL, quarantine_entries

_FOLDER = "churn/AllTraffic/2026/01/02/03"
_TOKEN = "t"

# The guide's own examples, and other calls that its rules cover; the values by id are those that it promises.
GUIDE: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "CSV of two rows": (csv_side("1,2,3,4\n5,6,7,8\n"), csv_side("0.1\n0.2"), {"inferenceId": "abcdefg-12345"}),
    "option 1": (
        json_side({"instances": [{"features": [1.5, 16, "testStringA", False]}, {"features": [2.0, 12, "testStringB", True]}]}),
        json_side({"predictions": [{"probabilities": [0.1, 0.9]}, {"probabilities": [0.2, 0.8]}]}),
        {"eventId": "event-1"},
    ),
    "option 2": (
        csv_side("1\n2"),
        json_side({"predictions": [{"closest_cluster": 5, "distance_to_cluster": 36.5}, {"closest_cluster": 2, "distance_to_cluster": 90.3}]}),
        {"eventId": "event-2"},
    ),
    "one inference": (csv_side("1,2"), csv_side("0.5"), {"eventId": "event-3", "inferenceId": "own-id"}),
    "the notebook's model": (csv_side("1\n2"), json_side([[0.1, 0.9], [0.2, 0.8]]), {"eventId": "event-4"}),
}  # fmt: skip
IDS = {
    *("abcdefg-12345_0", "abcdefg-12345_1", "event-1_0", "event-1_1", "event-2_0", "event-2_1"),
    *("own-id", "event-4_0", "event-4_1"),
}


def table(head: str, **options: Any) -> str:
    """Return one table of the configuration."""

    def value(one: Any) -> str:
        if isinstance(one, dict):
            return "{" + ", ".join(f"{name} = {json.dumps(text)}" for name, text in one.items()) + "}"
        return json.dumps(one)

    return "\n".join([f"[[{head}]]", *(f"{name} = {value(one)}" for name, one in options.items()), ""])


def destination(name: str, kind: str, url: str, **options: Any) -> str:
    """Return a destination, and the route of the captures below its name."""
    given = {key: one if key != "url" else one.format(url) for key, one in KINDS[kind].items()} | options
    tables = table("destination", name=name, kind=kind, **given)
    return tables + table(
        "route", name=name, bucket=BUCKET, prefix=f"{name}/", destination=name, model_id=f"model-{name}"
    )


@contextmanager
def stack(folder: Path, *tables: str) -> Iterator[Any]:
    """Configure a function with AWS on this machine."""
    (folder / "forwarder.toml").write_text("[function]\nfirst_delay_secs = 0\n" + "".join(tables), encoding="utf-8")
    os.environ |= {CONFIG_VARIABLE: str(folder / "forwarder.toml"), "TOKEN": _TOKEN}
    queue = boto3.client("sqs").create_queue(QueueName="captures")["QueueUrl"]
    os.environ[RESOURCE_VARIABLES["queue_url"]] = queue
    yield build_runtime(os.environ, RecordingObserver())


def put(prefix: str, name: str, *lines: bytes) -> Work:
    """Store an object."""
    key, body = f"{prefix}/{_FOLDER}/{name}.jsonl", b"".join(line + b"\n" for line in lines)
    etag = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"].strip('"')
    return Work(CaptureObject(BUCKET, key, etag=etag, size=len(body)))


def forward(runtime: Any, works: list[Work], secs: float = 60.0) -> list[ForwardReport]:
    """Forward in one invocation of so many seconds."""
    ends = time.monotonic() + secs
    reports: list[ForwardReport] = runtime.forward(works, lambda: 1000 * (ends - time.monotonic()))
    assert all(report.balanced for report in reports)
    return reports


def held(monitor: Monitor, name: str) -> dict[str, Any]:
    """Return what the monitor holds of a model: values and time, by id."""
    return {
        one.partner_inference_id: (one.inference_timestamp, one.inference_data)
        for one in monitor.store.inferences(f"model-{name}")
    }


def test_the_same_captures_arrive_alike_by_every_kind(tmp_path: Path) -> None:
    """The platform reads lines as the guide says: the same ids and values as those of the rows that we make."""
    bad = capture(base64_side(b"1", "text/csv"), csv_side("1"), eventId="encoded")
    lines = [capture(request, answer, **ids) for request, answer, ids in GUIDE.values()]
    models = [Model(f"model-{kind}", kind) for kind in KINDS]
    with local_aws(BUCKET), running_monitor(models, token=_TOKEN) as monitor:
        tables = [destination(kind, kind, monitor.url, max_bytes=2000) for kind in KINDS]
        with stack(tmp_path, *tables) as runtime:
            reports = forward(runtime, [put(kind, "a", *lines, b"no json", bad) for kind in KINDS])
            assert [report.state for report in reports] == [ObjectState.DONE] * len(KINDS)
        arrived = {kind: held(monitor, kind) for kind in KINDS}
        assert arrived["arthur"].keys() == IDS | {"encoded"}
        values = {one: row for one, (_, row) in arrived["arthur"].items()}
        assert list(values["abcdefg-12345_1"].values()) == [5, 6, 7, 8, 0.2]
        assert list(values["event-1_1"].values()) == [2.0, 12, "testStringB", True, 0.2, 0.8]
        assert values["event-2_0"] | {"closest_cluster": 5, "distance_to_cluster": 36.5} == values["event-2_0"]
        assert arrived["webhook"] == arrived["arthur"]
        assert arrived["arthur-raw"] == {one: row for one, row in arrived["arthur"].items() if one != "encoded"}
        codes = sorted((one["route"], one["code"]) for one in quarantine_entries("quarantine"))
        assert codes == [
            ("arthur", "line_not_json"),
            ("arthur-raw", "encoding_refused"),
            ("arthur-raw", "line_not_json"),
            ("webhook", "line_not_json"),
        ]


@pytest.mark.parametrize("down", KINDS)
@pytest.mark.parametrize("how", ["no connection", "no answer"])
def test_a_destination_that_is_down_delays_no_other(tmp_path: Path, down: str, how: str) -> None:
    """All objects of the other arrive in the same run, however many of the first come before them."""
    up = next(kind for kind in KINDS if kind != down)
    with (
        local_aws(BUCKET),
        running_monitor([Model("model-up", "up")], token=_TOKEN) as monitor,
        socket.create_server(("127.0.0.1", 0), backlog=64) as silent,
    ):
        port = silent.getsockname()[1] if how == "no answer" else 1
        tables = (
            destination("down", down, f"http://127.0.0.1:{port}", read_timeout_secs=30.0, max_in_flight=2),
            destination("up", up, monitor.url),
        )
        with stack(tmp_path, *tables) as runtime:
            calls = [
                [capture(csv_side("1"), csv_side("2"), eventId=f"{name}-{one}") for one in range(20)]
                for name in "abcdef"
            ]
            works = [put("down", str(place), *lines) for place, lines in enumerate(calls)]
            works += [put("up", str(place), *lines) for place, lines in enumerate(calls)]
            reports = forward(runtime, works, secs=2.5)
        assert {report.state for report in reports if report.destination == "up"} == {ObjectState.DONE}
        assert {report.inferences.accepted for report in reports if report.destination == "down"} == {0}
        assert len(held(monitor, "up")) == 120


def test_a_large_object_is_sent_in_parts(tmp_path: Path) -> None:
    """No request is larger than `max_bytes`, and the model's other attributes do not matter."""
    line = capture(csv_side("1,2.5,a"), csv_side("0.5"), eventId="x" * 20)
    lines = [line.replace(b"x" * 20, b"%020d" % number) for number in range(300)]
    model = Model("model-raw", "raw", MODEL.attributes)
    with local_aws(BUCKET), running_monitor([model], token=_TOKEN, max_body_bytes=20_000) as monitor:
        tables = destination("raw", "arthur-raw", monitor.url, max_bytes=20_000, compression="none")
        with stack(tmp_path, tables) as runtime:
            (report,) = forward(runtime, [put("raw", "a", *lines)])
        assert report.inferences.accepted == 300
        assert len(held(monitor, "raw")) == 300
