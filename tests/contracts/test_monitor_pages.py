"""Stored inferences can be looked at, page by page, with the command that the monitor prints."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from capture_ops.commands.monitor import TOKEN_VARIABLE
from capture_ops.monitor.server import Monitor, running_monitor
from tests.support.monitors import FREE, call, post, row

PATH = "models/free/inferences"


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Serve one model with seven inferences."""
    with running_monitor([FREE], token="t") as running:
        post(running, *(row(f"id_{number}", inference_data={"x": number}) for number in range(7)))
        yield running


def page(monitor: Monitor, query: str) -> dict[str, Any]:
    """Return a page."""
    answer = call(monitor, "GET", f"{PATH}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("query", "shown", "numbers"),
    [
        ("", range(7), (1, 50, 1)),
        ("?page_size=3", range(3), (1, 3, 3)),
        ("?page=2&page_size=3", range(3, 6), (2, 3, 3)),
        ("?page=3&page_size=3", range(6, 7), (3, 3, 3)),
        ("?page=4&page_size=3", [], (4, 3, 3)),
        ("?page=1000000&page_size=1000", [], (1_000_000, 1000, 1)),
    ],
)
def test_pages_hold_every_inference_once(
    monitor: Monitor, query: str, shown: range | list[int], numbers: tuple[int, int, int]
) -> None:
    """They are in the order of arrival. A page after the last one is empty."""
    found = page(monitor, query)
    assert [one["partner_inference_id"] for one in found["data"]] == [f"id_{number}" for number in shown]
    assert (found["page"], found["page_size"], found["total_pages"]) == numbers
    assert found["total_count"] == 7


def test_an_inference_is_shown_with_its_labels_and_counts(monitor: Monitor) -> None:
    """All that is stored is shown."""
    labels = {"ground_truth_timestamp": "2026-03-05T00:00:00Z", "ground_truth_data": {"y": 1}}
    call(monitor, "PATCH", PATH, [{"partner_inference_id": "id_0"} | labels])
    post(monitor, row("id_0", inference_data={"x": 0}), row("id_0", inference_data={"x": 9}))
    first, second = page(monitor, "?page_size=2")["data"]
    assert first == row("id_0", inference_data={"x": 0}, inference_timestamp="2026-03-04T05:06:07.500000+01:00") | {
        "batch_id": None,
        "times_received": 2,
        "conflicts": 1,
        **labels,
    }
    assert (second["ground_truth_timestamp"], second["ground_truth_data"]) == (None, None)


def test_a_model_without_inferences_has_an_empty_page() -> None:
    """It is no error."""
    with running_monitor([FREE], token="t") as empty:
        assert page(empty, "") == {"data": [], "page": 1, "page_size": 50, "total_pages": 0, "total_count": 0}


@pytest.mark.parametrize("number", ["0", "-1", "+1", "1.5", "x", "", "%20", "1e3", "\u0663", "9" * 5000, "1000001"])
@pytest.mark.parametrize("name", ["page", "page_size"])
def test_a_wrong_number_is_an_error(monitor: Monitor, name: str, number: str) -> None:
    """The message names it and its limits."""
    answer = call(monitor, "GET", f"{PATH}?{name}={number}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{name} must be a whole number from 1 to ")


@contextmanager
def printed(*arguments: str, **environment: str) -> Iterator[dict[str, str]]:
    """Start a command, and return the lines that it prints at the end, by their first word."""
    command = [sys.executable, "-m", "capture_ops", *arguments]
    clean = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE} | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean) as process:  # noqa: S603 - ourselves
        try:
            assert process.stdout is not None
            lines: dict[str, str] = {}
            while "The" not in lines or "until Ctrl-C" not in lines["The"]:
                line = process.stdout.readline()
                assert line, "it ended before"
                first, _, rest = line.strip().partition(" ")
                lines[first] = rest.strip()
            yield lines
        finally:
            process.kill()


def looked_at(command: str, **environment: str) -> dict[str, Any]:
    """Return the answer to the printed command, run by a shell if curl is there."""
    if shutil.which("curl"):
        done = subprocess.run(command, shell=True, capture_output=True, check=True, env=os.environ | environment)  # noqa: S602 - as a person runs it
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    *_, header, url = shlex.split(command)
    name, _, value = header.partition(": ")
    token = environment.get(value.removeprefix("$"), value)
    return dict(requests.get(url, headers={name: token}, timeout=30).json())


def test_the_demo_prints_a_command_that_shows_inferences() -> None:
    """Its token is printed, because no other place has it."""
    with printed("demo", "--keep") as lines:
        found = looked_at(lines["look:"])
        assert lines["token:"] in lines["look:"]
        assert len(found["data"]) == min(found["total_count"], 10) > 0


def test_the_monitor_prints_a_command_that_shows_inferences() -> None:
    """It works for a model whose id a shell or an address would change."""
    with printed("monitor", "--port", "0", "--model", "it's 1 & 2%") as lines:
        assert looked_at(lines["look:"])["total_count"] == 0


def test_the_token_of_the_environment_is_not_printed() -> None:
    """The printed command takes it from there."""
    with printed("monitor", "--port", "0", MONITOR_TOKEN="secret-of-the-shell") as lines:
        assert "secret-of-the-shell" not in " ".join(lines.values())
        assert looked_at(lines["look:"], MONITOR_TOKEN="secret-of-the-shell")["total_count"] == 0
