"""`sumo setup`: makes missing objects, mends changed ones, and makes no change the second time."""

import json
from pathlib import Path

import boto3

from integrations.observability.fields import FIELDS
from tests.observability.sumo.conftest import CONFIG, Setup, stored_secret
from tests.observability.sumo.fake_sumo import TOKEN, FakeSumo
from tests.support.command_line import run

COLLECTOR = "capture-forwarder-123456789012-eu-west-1"
SOURCES = {"Metrics by Firehose", "Logs by Firehose", "CloudTrail"}
MONITORS = {
    "Amazon SageMaker - Delete Action Detected",
    "Amazon SageMaker - High Number of Access Denied Errors",
    "Amazon SageMaker - High Model Invocation Latency",
    "Amazon SageMaker - Model Invocation Server Error Detection",
    "Amazon SageMaker - Long Pipeline Execution",
}


def test_everything_is_made(sumo: FakeSumo, setup: Setup) -> None:
    """Collector, sources, fields, rules, monitors, and the URLs in their secrets."""
    done = setup()
    assert (done.exit_code, done.stderr) == (0, "")
    assert sumo.named("collectors") == {COLLECTOR}
    assert sumo.named("sources") == SOURCES
    assert sumo.named("fields") == {"_custom", *(field.name for field in FIELDS)}
    assert sumo.named("monitors") == MONITORS
    assert {name.removesuffix(f" - {COLLECTOR}") for name in sumo.named("rules")} == {
        "AwsObservabilitySagemakerCloudTrailLogsFER",
        "AwsObservabilitySagemakerCloudWatchLogsFER",
        "AWS Accounts",
    }
    urls = {
        each["contentType"]: each["url"]
        for sources in sumo.sources.values()
        for each in sources.values()
        if "url" in each
    }
    assert json.loads(stored_secret()) == {"metrics": urls["KinesisMetric"], "logs": urls["KinesisLog"]}
    assert "Deploy now" in done.stdout


def test_no_url_is_shown(sumo: FakeSumo, setup: Setup) -> None:
    """A URL holds a token; no request to Sumo Logic repeats it either."""
    sumo.fail("POST /monitors/root", 400)
    sumo.fail(r"PUT /collectors/\d+/sources", 500, after=True)
    outputs = [setup("--debug")]
    next(each for sources in sumo.sources.values() for each in sources.values() if "url" in each)["category"] = "wrong"
    outputs += [setup("--debug"), setup(), setup("--dry-run"), setup("--remove")]
    assert [each.exit_code for each in outputs] == [1, 4, 0, 0, 0]
    assert all(TOKEN not in each.output for each in outputs)
    assert all(TOKEN not in body for body in sumo.bodies)


def test_a_second_run_changes_nothing(sumo: FakeSumo, setup: Setup) -> None:
    """It writes neither to Sumo Logic nor to AWS."""
    setup()
    before, version = sumo.state, boto3.client("secretsmanager").get_secret_value(SecretId="sumo/urls")["VersionId"]
    sumo.writes.clear()
    again = setup()
    assert (again.exit_code, again.stdout) == (0, "0 changes\n")
    assert (sumo.writes, sumo.state) == ([], before)
    assert boto3.client("secretsmanager").get_secret_value(SecretId="sumo/urls")["VersionId"] == version


def test_a_dry_run_writes_nothing(sumo: FakeSumo, setup: Setup) -> None:
    """It names every change, and each is made by the run without it."""
    before = sumo.state
    planned = setup("--dry-run")
    assert (planned.exit_code, sumo.writes, sumo.state) == (0, [], before)
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []
    plan = [line.removeprefix("would ").split(" ", 1)[1] for line in planned.stdout.splitlines() if "would" in line]
    done = [line.split(" ", 1)[1] for line in setup().stdout.splitlines() if line.startswith(("created", "written"))]
    assert plan == done


def test_drift_is_mended(sumo: FakeSumo, setup: Setup) -> None:
    """A changed option, a removed object and another URL are mended; options of users stay."""
    setup()
    source = next(
        each for sources in sumo.sources.values() for each in sources.values() if each["name"] == "CloudTrail"
    )
    source["thirdPartyRef"]["resources"][0]["path"]["pathExpression"] = "wrong/*"
    source["hostName"] = "kept"
    rule = next(iter(sumo.rules.values()))
    rule["enabled"] = False
    monitor = next(iter(sumo.monitors.values()))
    monitor["triggers"][0]["threshold"] = 99
    monitor["notifications"] = ["kept"]
    removed = sumo.monitors.popitem()[1]["name"]
    boto3.client("secretsmanager").put_secret_value(SecretId="sumo/urls", SecretString='{"metrics": "old", "other": 1}')
    done = setup()
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:-1] != []
    kinds = sorted(line.split(" ")[0] + " " + line.split(" ")[2] for line in done.stdout.splitlines()[:6])
    assert kinds == [
        "created monitor",
        "updated monitor",
        "updated rule",
        "updated source",
        "written secret",
        "written secret",
    ]
    assert removed in sumo.named("monitors")
    mended = next(
        each for sources in sumo.sources.values() for each in sources.values() if each["name"] == "CloudTrail"
    )
    assert (mended["hostName"], next(iter(sumo.monitors.values()))["notifications"]) == ("kept", ["kept"])
    assert json.loads(stored_secret()).keys() == {"metrics", "logs", "other"}
    assert setup().stdout == "0 changes\n"


def test_an_object_that_the_file_no_longer_has_is_deleted(setup: Setup, tmp_path: Path) -> None:
    """A source of the trail goes when its table goes."""
    setup()
    text = CONFIG.read_text(encoding="utf-8")
    smaller = tmp_path / "smaller.toml"
    smaller.write_text(text[: text.index("[observability.sumo.cloudtrail]")], encoding="utf-8")
    done = run("sumo", "setup", "--config", smaller)
    assert done.stdout == "deleted the source CloudTrail\n1 change\n"
