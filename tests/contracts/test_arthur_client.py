"""Arthur's own client against the monitor: each accepts the requests and answers of the other."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from capture_forwarder.domain.route import DecodingOptions
from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from capture_ops.monitor.app import ORGANIZATION_ID
from capture_ops.monitor.contract import Model, NewInference
from capture_ops.monitor.server import running_monitor
from capture_ops.monitor.store import StoredInference
from tests.support.captures import encode_inference
from tests.support.reference import reference

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv-arthur"
LOCK = ROOT / "requirements" / "arthur.lock"
UV = ROOT / ".tools" / "bin" / "uv"
CAPTURES = sorted((ROOT / "events" / "captures").rglob("*.jsonl"))
TYPED = Model(
    "typed",
    "churn",
    tuple(
        Attribute(f"{stage}_{value_type}", stage, value_type, position, implicit=position == 0)
        for stage in Stage
        for position, value_type in enumerate(ValueType)
    ),
)


@pytest.fixture(scope="session")
def arthur_python() -> Path:
    """Give the interpreter of an environment with the client. It is made once for each content of the lock.

    The client needs libraries that the project cannot have (pydantic 1, urllib3 1) and a Python before 3.12.
    """
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if base is None:
        pytest.skip("Arthur's client needs a python3.11 on the PATH")
    environment = ENVIRONMENTS / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    ENVIRONMENTS.mkdir(exist_ok=True)
    # Several workers may need it at the same time.
    with (ENVIRONMENTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (environment / ".ready").exists():
            shutil.rmtree(environment, ignore_errors=True)
            for command in making(environment, base):
                subprocess.run(command, check=True, timeout=600)  # noqa: S603 - commands of our own
            (environment / ".ready").touch()
    return environment / "bin" / "python"


def making(environment: Path, base: str) -> list[list[str | Path]]:
    """Return the commands that make the environment, with uv if it is there, because it is quicker."""
    python = environment / "bin" / "python"
    if UV.exists():
        sync: list[str | Path] = [UV, "pip", "sync", "-q", "--python", python, "--require-hashes", LOCK]
        return [[UV, "venv", "-q", "--python", base, environment], sync]
    install: list[str | Path] = [python, "-m", "pip", "install", "-q", "--require-hashes", "-r", LOCK]
    return [[base, "-m", "venv", environment], install]


class Run(Struct, frozen=True):
    """The rows that the client sent, its report, and the final content of the monitor."""

    rows: list[dict[str, Any]]
    report: dict[str, Any]
    free: list[StoredInference]
    raw: list[StoredInference]
    typed: list[StoredInference]
    labelled: list[str]


@pytest.fixture(scope="session")
def run(arthur_python: Path) -> Run:
    """Run the client once, and keep its report and the content of the monitor."""
    rows = [json.loads(row) for path in CAPTURES for row in posted(path)]
    orders = {
        "token": "t",
        "typed": "typed",
        "free": "free",
        "raw": "raw",
        "inferences": rows,
        "captures": [path.read_text("utf-8") for path in CAPTURES],
        "ground_truths": [label(rows[0]["partner_inference_id"]), label("none")],
    }
    with running_monitor([TYPED, Model("free", "free"), Model("raw", "raw")], token="t") as monitor:
        report = drive(arthur_python, orders | {"url": monitor.url})
        store = monitor.store
        free, raw, typed = (store.inferences(model) for model in ("free", "raw", "typed"))
        labelled = [one.partner_inference_id for one in store.ground_truths("free")]
    return Run(rows, report, free, raw, typed, labelled)


def posted(path: Path) -> Iterator[bytes]:
    """Yield every row that the forwarder posts for a capture file."""
    transform = PlainPath(DecodingOptions())
    for line in LineReader([path.read_bytes()], 2**26):
        outcome = transform(line)
        for row in outcome.rows if isinstance(outcome, Decoded) else ():
            assert not hasattr(row, "code")
            yield encode_inference(row)


def label(partner_id: str) -> dict[str, Any]:
    return {
        "partner_inference_id": partner_id,
        "ground_truth_timestamp": "2026-03-04T05:06:07+00:00",
        "ground_truth_data": {"label": 1},
    }


def drive(python: Path, orders: dict[str, Any]) -> dict[str, Any]:
    script = Path(__file__).with_name("arthur_client_script.py")
    done = subprocess.run(  # noqa: S603 - a script of our own
        [python, "-I", script], input=json.dumps(orders), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def statuses(answer: dict[str, Any]) -> list[int]:
    return [result["status"] for result in answer["results"]]


def test_every_row_of_the_forwarder_passes_the_client_and_arrives(run: Run) -> None:
    """All inferences of the captures are stored unchanged. An id with other content keeps its first content."""
    first: dict[str, dict[str, Any]] = {}
    expected = [200 if first.setdefault(row["partner_inference_id"], row) == row else 409 for row in run.rows]
    assert expected.count(200) > 100
    assert statuses(run.report["sent"]) == statuses(run.report["again"]) == expected
    assert {one.partner_inference_id: one.inference_data for one in run.free} == {
        name: row["inference_data"] for name, row in first.items()
    }
    taken = Counter(
        row["partner_inference_id"] for row, status in zip(run.rows, expected, strict=True) if status == 200
    )
    assert {one.partner_inference_id: one.times_received for one in run.free} == {
        name: 2 * count for name, count in taken.items()
    }


def test_the_client_sees_duplicates_as_success(run: Run) -> None:
    """A second run changes no count."""
    assert {result["message"] for result in run.report["again"]["results"] if result["status"] == 200} == {"duplicate"}
    assert run.report["again"]["counts"] == run.report["sent"]["counts"]


def test_capture_files_that_the_client_uploads_become_inferences(run: Run) -> None:
    """The content of the monitor equals that of the independent reference reader, and so do the failures."""
    first: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for path, answer in zip(CAPTURES, run.report["captures"], strict=True):
        parts = [part for part in reference(path) if part["kind"] != "skipped"]
        failures = sum(part["kind"] == "rejection" for part in parts)
        for part in parts:
            if part["kind"] == "inference":
                content = (datetime.fromisoformat(part["inference_timestamp"]), part["inputs"] | part["outputs"])
                failures += first.setdefault(part["partner_inference_id"], content) != content
        assert (answer["counts"]["total"], answer["counts"]["failure"]) == (len(parts), failures), path.name
        assert len(answer["failures"]) == failures
    held = {one.partner_inference_id: (one.inference_timestamp, one.inference_data) for one in run.raw}
    assert held == first


def test_a_file_of_another_model_fails_row_by_row(run: Run) -> None:
    """Every failure names its event, and no row is stored."""
    answer = run.report["refused"]
    events = [json.loads(line)["eventMetadata"]["eventId"] for line in CAPTURES[0].read_text("utf-8").splitlines()]
    assert answer["counts"]["success"] == 0
    assert list(dict.fromkeys(failure["event_id"] for failure in answer["failures"])) == events
    assert run.typed == []


def test_ground_truth_from_the_client_reaches_its_inference(run: Run) -> None:
    """Both paths for labels answer row by row."""
    assert statuses(run.report["labelled"]) == statuses(run.report["updated"]) == [200, 404]
    assert run.labelled == [run.rows[0]["partner_inference_id"]]


def test_the_client_reads_a_model_s_attributes(run: Run) -> None:
    """Every stage and type arrives with its position; a model without attributes shows none."""
    seen = [
        Attribute(one["name"], Stage(one["stage"]), ValueType(one["value_type"]), one["position"], one["implicit"])
        for one in run.report["attributes"]
    ]
    assert seen == list(TYPED.attributes)
    assert run.report["bare"] is None


def test_the_client_finds_its_organisation(run: Run) -> None:
    """It asks for it at its start, and there is only one."""
    assert run.report["organizations"] == [run.report["organization"]] == [ORGANIZATION_ID]


def test_the_client_understands_every_error(run: Run) -> None:
    """Every status leads to the exception that the client has for it."""
    names = ("wrong token", "bearer", "unknown model", "wrong name")
    assert [run.report[name] for name in names] == [
        "UnauthorizedError",
        "UnauthorizedError",
        "NotFoundError",
        "ResponseClientError",
    ]


def test_the_contract_has_no_name_that_the_client_does_not_know(run: Run) -> None:
    """Fields, stages and value types are those of the client."""
    assert run.report["unknown fields"] == []
    assert set(run.report["inference fields"]) == set(NewInference.__struct_fields__)
    assert set(run.report["stages"]) == set(Stage)
    assert set(run.report["value types"]) == set(ValueType)
