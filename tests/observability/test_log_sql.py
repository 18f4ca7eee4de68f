"""The queries of endpoints' and jobs' logs in DuckDB, on the page's four samples and on lines that mislead."""

from typing import Any

import pytest

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.settings import Settings
from integrations.observability import sql
from integrations.observability.boards.registry import boards
from integrations.observability.definitions import definitions
from integrations.observability.extraction import ENDPOINT_LOGS, JOB_LOGS, LogKind
from integrations.observability.panels import LogPanel
from tests.observability.events import sample, settings
from tests.observability.logs_insights import line, rows

ENDPOINT = sample("endpoint")
GROUP = ENDPOINT["logGroup"]
ACCESS = ENDPOINT["message"]
NAME = "prophet-energy-forecast-v1"


def messages(*texts: str) -> list[dict[str, str]]:
    """Return the lines of one endpoint with these texts."""
    return [line(ENDPOINT | {"message": text}) for text in texts]


def test_q7_counts_access_lines_by_status() -> None:
    """The page's own line has the level ERROR and the status 200: the status is right."""
    failed = ACCESS.replace('HTTP/1.1" 200', 'HTTP/1.1" 503')
    found = rows(sql.q7(GROUP), messages(ACCESS, failed, failed, "2025-12-30 14:46:36,619 [INFO ] main - started"))
    assert found == [(NAME, "503", 2), (NAME, "200", 1)]


def test_q7_takes_no_status_from_a_path() -> None:
    """A caller chooses the path, so only the last status of a line counts."""
    assert rows(sql.q7(GROUP), messages(ACCESS.replace("/ping", '/x" 500 1 '))) == [(NAME, "200", 1)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (ACCESS, "ERROR"),
        (sample("transform")["message"], "INFO"),
        ("2025-12-30 14:46:36,619 [WARN ] main - slow", "WARN"),
        ("2025-12-30 14:46:36,619 [WARNING] main - slow", "WARNING"),
        ("Traceback (most recent call last):", ""),
        ("no ERROR here", ""),
        ("[2025-12-30 14:46:36 +0000] [7] [INFO] Listening", ""),
    ],
)
def test_a_line_has_the_level_at_its_head(text: str, level: str) -> None:
    """A word further on is no level."""
    assert rows(sql.lines_by_level(GROUP), messages(text)) == [(level, 1)]


@pytest.mark.parametrize(
    ("name", "job", "host"),
    [
        ("processing", "data-processing-gpu-2025-12-18-18-41-24-007", "algo-1"),
        ("training", "pipelines-j8zf1khfah4m-ChurnModelTraining-fzH3ZV39u6", "algo-1"),
        ("transform", "cpu-metrics-20251219-001300", "i-09b3ca1de4dd5d2ff"),
    ],
)
def test_q8_shows_the_newest_lines_of_jobs(name: str, job: str, host: str) -> None:
    """Newest first, with the job and the host of its stream; a message of two lines is one row."""
    shown = sample(name)
    older = shown | {"timestamp": shown["timestamp"] - 1, "message": "older"}
    found = rows(sql.q8(shown["logGroup"]), [line(older), line(shown)])
    assert found == [
        (str(shown["timestamp"]), job, host, shown["message"]),
        (str(older["timestamp"]), job, host, "older"),
    ]


def test_q8_stops_at_a_hundred_lines() -> None:
    """A job writes thousands."""
    shown = sample("training")
    assert len(rows(sql.q8(shown["logGroup"]), [line(shown)] * 120)) == 100


FIELDS_OF_SAMPLES: dict[str, tuple[LogKind, tuple[str, ...]]] = {
    "endpoint": (ENDPOINT_LOGS, (NAME, NAME, "AllTraffic", "i-0207927cfb9d6b24f")),
    "processing": (JOB_LOGS[0], ("data-processing-gpu-2025-12-18-18-41-24-007", "algo-1")),
    "training": (JOB_LOGS[1], ("pipelines-j8zf1khfah4m-ChurnModelTraining-fzH3ZV39u6", "algo-1")),
    "transform": (JOB_LOGS[2], ("cpu-metrics-20251219-001300", "i-09b3ca1de4dd5d2ff")),
}


@pytest.mark.parametrize("name", FIELDS_OF_SAMPLES)
@pytest.mark.parametrize(("accounts", "account"), [({}, "956882708938"), ({"956882708938": "dev"}, "dev")])
def test_the_saved_queries_show_the_fields_of_a_line(name: str, accounts: dict[str, str], account: str) -> None:
    """The account by its name, if the settings have one."""
    shown = sample(name)
    kind, parts = FIELDS_OF_SAMPLES[name]
    (found,) = rows(sql.lines_with_fields(shown["logGroup"], kind, accounts, "us-east-1"), [line(shown)])
    place = (account, "956882708938", "us-east-1", "aws/sagemaker")
    assert found == (str(shown["timestamp"]), *place, *parts, shown["message"])


EVERYTHING: dict[str, Any] = {
    "dashboards": list(DashboardName),
    "accounts": {"956882708938": "dev"},
    "endpoint": [{"name": "churn"}, {"name": "churn", "variant": "canary"}, {"name": "fraud"}],
}


def test_every_saved_query_and_log_panel_runs() -> None:
    """Of all dashboards, with listed endpoints; names and ids of saved queries are used once."""
    chosen = settings(**EVERYTHING)
    saved = definitions(chosen, "us-east-1")
    assert len({each.id for each in saved}) == len({each.name for each in saved}) == len(saved) == 13 + 2 * 3 + 6
    panels = [panel for board in boards(chosen) for panel in board.panels if isinstance(panel, LogPanel)]
    for text in {*(each.sql for each in saved), *(panel.sql for panel in panels)}:
        assert rows(text, []) == []


def test_without_the_section_there_are_no_saved_queries() -> None:
    """As there is no second stack."""
    assert definitions(Settings(destination=(), route=()), "us-east-1") == ()
