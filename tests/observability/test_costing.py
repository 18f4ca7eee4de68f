"""Costs: computed by hand for one configuration, and by volume."""

import json
from pathlib import Path

import pytest

from capture_forwarder.configuration.reader import parse_settings
from integrations.observability.costing import Volumes, fixed_costs, total, volume_costs
from integrations.observability.prices import DATED, Priced
from tests.support.command_line import run

EXAMPLE = Path("examples/observability.toml")
SUMO = Path("tests/infra/observability/sumo.toml")
WITHOUT = Path("forwarder.toml")


def volumes_of(text: str, **chosen: float) -> dict[tuple[str, Priced], float]:
    """Return dollars by part and priced thing."""
    costs = volume_costs(parse_settings(text), Volumes(**chosen))  # type: ignore[arg-type]
    return {(each.name, each.priced): each.dollars for each in costs}


def test_fixed_costs_are_those_computed_by_hand() -> None:
    """One variant with coverage: 5 dashboards, 8 metrics of alarms, a composite alarm and 3 custom metrics."""
    costs = fixed_costs(parse_settings(EXAMPLE.read_text(encoding="utf-8")))
    assert total(costs) == pytest.approx(5 * 3 + 8 * 0.10 + 0.50 + 3 * 0.30)
    assert fixed_costs(parse_settings(WITHOUT.read_text(encoding="utf-8"))) == ()


def test_volumes_are_priced() -> None:
    """A million calls with data events: the events, the log that they fill, the trail, and queried series of jobs."""
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        "[observability]",
        '[observability]\ntrail = "create"\ndata_events = true\njob_vcpus = 4\naudit_retention_days = 30',
    )
    found = volumes_of(text, api_calls=100_000, invocations=1_000_000, job_series=7)
    assert found["trail, data events", Priced.DATA_EVENT] == pytest.approx(1.00)
    assert found["trail, if the account has another one", Priced.SECOND_TRAIL] == pytest.approx(2.00)
    assert found["audit log", Priced.LOG_WRITTEN] == pytest.approx(1.1)
    assert found["audit log", Priced.LOG_STORED] == pytest.approx(2.2 * 0.15 * 0.03)
    of_jobs = [dollars for (_, priced), dollars in found.items() if priced is Priced.QUERIED_SERIES]
    assert of_jobs == pytest.approx([0.7] * 3)


def test_delivery_is_priced_by_series_and_logs() -> None:
    """A serverless variant publishes no metrics of instances; polling has no stream."""
    text = SUMO.read_text(encoding="utf-8")
    whole = volumes_of(text, log_gb=10)
    assert whole["/aws/sagemaker/Endpoints/churn", Priced.FIREHOSE] == pytest.approx(0.29)
    serverless = volumes_of(text.replace('name = "fraud"', 'name = "fraud"\nkind = "serverless"'))
    stream = ("metric stream", Priced.STREAMED_UPDATE)
    assert 2 / 3 < serverless[stream] / whole[stream] < 1
    polling = volumes_of(text.replace('metrics_url_secret = "secretsmanager:sumo/urls#metrics"', 'mode = "polling"'))
    assert stream not in polling


def test_the_command_prints_every_cost() -> None:
    """In a table with the date of the prices, and as JSON with the same sum."""
    shown = run("costs", "--config", SUMO)
    assert shown.exit_code == 0
    assert DATED in shown.stdout
    rows = [json.loads(line) for line in run("costs", "--config", SUMO, "--json").stdout.splitlines()]
    fixed = sum(row["dollars_a_month"] for row in rows if row["kind"] == "fixed")
    assert f"{fixed:.2f}" in shown.stdout
    assert {row["kind"] for row in rows} == {"fixed", "volume"}
    assert run("costs", "--config", WITHOUT).exit_code == 3


def test_another_file_is_no_template(tmp_path: Path) -> None:
    """The sentence says where templates are."""
    file = tmp_path / "x.json"
    file.write_text("[]", encoding="utf-8")
    done = run("costs", "--template", file)
    assert (done.exit_code, "cdk.out" in done.stderr) == (2, True)
