"""The command `dashboards`: pages without scripts, names as text, and its errors."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from capture_forwarder.configuration.observability import DashboardName
from capture_ops.observability.chromium import CHROMIUM_VARIABLE
from integrations.observability.boards.registry import boards
from tests.observability.boards_of import EVERY_DASHBOARD, EXAMPLE, MORE_ENDPOINTS, SECTION, settings_with
from tests.support.command_line import run

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a configuration with all dashboards."""
    path = tmp_path / "forwarder.toml"
    path.write_text(EXAMPLE.replace(SECTION, f"{SECTION}{EVERY_DASHBOARD}\n") + MORE_ENDPOINTS, encoding="utf-8")
    return path


def test_every_dashboard_is_drawn_without_an_empty_widget(config: Path, tmp_path: Path) -> None:
    """The titles and units are those of the catalogue. The page loads no file and runs no script."""
    done = run("dashboards", "--synthetic", 1, "--out", tmp_path / "new" / "out", "--config", config)
    assert done.exit_code == 0
    for board in boards(settings_with()):
        text = (tmp_path / "new" / "out" / f"{board.name}.html").read_text(encoding="utf-8")
        assert text.count("<section ") == len(board.panels)
        for panel in board.panels:
            assert panel.title in text
            assert getattr(panel, "unit", "") in text
        assert "no data" not in text
        assert not re.search(r"<script|<link|<img|<iframe|src=|href=|url\(|@import|https?:", text)


def test_the_same_seed_gives_the_same_page(config: Path, tmp_path: Path) -> None:
    """So two pages can be compared after a change."""
    for folder in ("a", "b"):
        run("dashboards", "overview", "--synthetic", 5, "--out", tmp_path / folder, "--config", config)
    assert (tmp_path / "a" / "overview.html").read_bytes() == (tmp_path / "b" / "overview.html").read_bytes()


def test_the_answers_of_aws_are_drawn(config: Path, tmp_path: Path) -> None:
    """The queries are beside the page, and their answers are drawn by id; hostile labels are text."""
    run("dashboards", "invocations", "--out", tmp_path, "--config", config)
    queries = json.loads((tmp_path / "invocations.queries.json").read_text(encoding="utf-8"))
    answers = [
        {
            "Id": query["Id"],
            "Label": HOSTILE,
            "Timestamps": ["2026-01-15T10:05:00Z", "2026-01-15T10:00:00Z"],
            "Values": [31337.0, 20],
            "StatusCode": "Complete",
        }
        for query in queries
        if query["ReturnData"]
    ]
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"MetricDataResults": answers, "Messages": []}), encoding="utf-8")
    done = run("dashboards", "invocations", "--metrics", answer, "--out", tmp_path, "--config", config)
    assert done.exit_code == 0
    text = (tmp_path / "invocations.html").read_text(encoding="utf-8")
    assert "31,337" in text
    assert "no data" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"<script|<img", text)


def test_without_values_each_graph_says_so(config: Path, tmp_path: Path) -> None:
    """A log query is shown as text, because GetMetricData does not run it."""
    assert run("dashboards", "audit", "--out", tmp_path, "--config", config).exit_code == 0
    text = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert text.count("no data") == 2
    assert "SELECT `detail.sourceIPAddress`" in text


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["overviev"], 2, "there is no dashboard 'overviev'; did you mean overview?"),
        (["--synthetic", "1", "--live"], 2, "exclude each other"),
        (["--metrics", "none.json"], 2, "none.json"),
        (["--synthetic", "1", "--png"], 2, "--png needs Chromium"),
    ],
)
def test_errors(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, sentence: str
) -> None:
    """Each is one sentence with the next step."""
    monkeypatch.delenv(CHROMIUM_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("dashboards", *arguments, "--out", tmp_path, "--config", config)
    assert (done.exit_code, sentence in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_a_program_that_is_no_chromium_is_an_error(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends at once, and one that does not exist; the pages are written all the same."""
    for program, code in (("/bin/true", 4), (str(tmp_path / "none"), 2)):
        monkeypatch.setenv(CHROMIUM_VARIABLE, program)
        done = run("dashboards", "audit", "--synthetic", 1, "--png", "--out", tmp_path, "--config", config)
        assert done.exit_code == code
        assert "Chromium" in done.stderr
    assert (tmp_path / "audit.html").exists()


def test_without_the_section_nothing_is_drawn(tmp_path: Path) -> None:
    """The sentence names the section."""
    path = tmp_path / "forwarder.toml"
    path.write_text(EXAMPLE[: EXAMPLE.index(SECTION)], encoding="utf-8")
    done = run("dashboards", "--synthetic", 1, "--out", tmp_path, "--config", path)
    assert done.exit_code == 3
    assert "[observability]" in done.stderr


def test_limits_are_problems_here_too(config: Path, tmp_path: Path) -> None:
    """All of the chosen dashboards."""
    more = "".join(f'\n[[observability.endpoint]]\nname = "e{index}"\n' for index in range(60))
    config.write_text(config.read_text(encoding="utf-8") + more, encoding="utf-8")
    done = run("dashboards", "endpoints", "invocation-log", "--synthetic", 1, "--out", tmp_path, "--config", config)
    assert done.exit_code == 3
    assert done.stderr.count("log widgets") == 2


@pytest.mark.usefixtures("aws")
def test_live_values_are_counted_before_they_are_fetched(config: Path, tmp_path: Path) -> None:
    """Moto has no SEARCH, so only the series of listed variants are drawn. A search counts the series that it finds."""
    client = boto3.client("cloudwatch")
    now = datetime.now(UTC)
    for endpoint, variant in (("churn", "AllTraffic"), ("churn", "canary"), ("other", "AllTraffic")):
        dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
        for name, namespace, value in (
            ("DiskUtilization", "/aws/sagemaker/Endpoints", 61.25),
            ("MemoryUtilization", "/aws/sagemaker/Endpoints", 40.0),
        ):
            data = {"MetricName": name, "Dimensions": dimensions, "Timestamp": now, "Value": value}
            client.put_metric_data(Namespace=namespace, MetricData=[data])
    arguments = ("--live", "--out", tmp_path, "--config", config)
    done = run("dashboards", "captures", *arguments)
    assert done.exit_code == 0, done.stderr
    # Three variants with two counts, drawn twice; two disks; seven totals of the forwarder; the dead-letter queue.
    assert "fetches 22 metrics" in done.stderr
    text = (tmp_path / "captures.html").read_text(encoding="utf-8")
    assert "Values of CloudWatch" in text
    assert text.count("<polyline") == 2  # the disks
    assert text.count("no data") == text.count("<h2") - 2
    done = run("dashboards", "endpoints", *arguments)
    # The CPU of two variants, GPU and GPU memory of one, and two searches that find three series each.
    assert "fetches 10 metrics" in done.stderr


def test_help_names_every_dashboard_by_the_default() -> None:
    """And the exit codes."""
    done = run("dashboards", "--help")
    assert "Exit codes" in done.stdout
    assert len(DashboardName) == 13
