"""`[observability.sumo]`: options that do not fit are refused, all at once, with a remedy; no URL is repeated."""

from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.configuration.reader import SettingsError, parse_settings
from integrations.observability.metric_names import ENDPOINTS, PIPELINES
from integrations.observability.sumo.objects import Place
from integrations.observability.sumo.wanted import wanted

CONFIG = Path("tests/infra/observability/sumo.toml").read_text(encoding="utf-8")
PLACE = Place("eu-west-1", "123456789012")
TOKEN_URL = "https://endpoint.sumologic.com/receiver/v1/kinesis/metric/ZaVnC4dhaV0uTOKEN"


def changed(*changes: tuple[str, str]) -> str:
    """Return the configuration with texts replaced."""
    text = CONFIG
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def problems(text: str) -> str:
    """Return the problems of a configuration as one text."""
    with pytest.raises(SettingsError) as error:
        parse_settings(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"secretsmanager:sumo/urls#metrics"', f'"{TOKEN_URL}"', "never the URL itself"),
        ('"secretsmanager:sumo/urls#logs"', f'"{TOKEN_URL}"', "logs_url_secret: write"),
        ('"secretsmanager:sumo/urls#metrics"', '"ssm:/sumo/url"', "from no other store"),
        ('"secretsmanager:sumo/urls#metrics"', '"env:URL"', "from no other store"),
        ('"secretsmanager:sumo/urls#metrics"', '"secretsmanager:sumo/{{resolve:x}}"', "characters that AWS refuses"),
        ("sumo/urls#metrics", "sumo/urls#logs", "another #KEY"),
        ("sumo/urls#metrics", "sumo/urls#a}}{{resolve:ssm:/x", "takes no other key"),
        ("sumo/urls#metrics", "sumo/urls#a:b", "takes no other key"),
        ("sumo/urls#metrics", "sumo/urls#", "write the key of the token"),
        ('account = "prod"\n', "", "observability.sumo.account: missing"),
        ('account = "prod"\n', 'account = "prod\\" | count"\n', "observability.sumo.account"),
        ("[observability.sumo]", '[observability.sumo]\nmode = "polling"', "metrics_url_secret: remove it"),
        ('role_arn = "arn:aws:iam::123456789012:role/sumo"\n', "", "role_arn: write the ARN"),
        ("role/sumo-trail", "user/sumo", "the ARN of an IAM role"),
        ('"AWSLogs/', '"/AWSLogs/', "without / at the beginning"),
        ('"example-trail"', '"s3://example-trail"', "a bucket name, without s3://"),
        ('"processing"]', '"training"]', "is named twice"),
        ('"processing"]', '"tuning"]', "processing, training, transform"),
        ('logs_url_secret = "secretsmanager:sumo/urls#logs"\n', "", "job_logs: write logs_url_secret"),
        ("failed_retention_days = 14", "failed_retention_days = 0", "failed_retention_days"),
        ('"eu-west-1"', '"Ireland"', "a region, such as"),
        ('role/sumo-trail"', 'role/sumo-trail"\nscan_interval_secs = 5', "scan_interval_secs"),
    ],
)  # fmt: skip
def test_a_problem_says_what_to_write(before: str, after: str, words: str) -> None:
    """The sentence names the option. A URL in the clear is not repeated, because it holds a token."""
    text = problems(changed((before, after)))
    assert words in text
    assert TOKEN_URL not in text
    assert "TOKEN" not in text


def test_all_problems_are_found_at_once() -> None:
    """Wrong and missing options of one file, each with its own line."""
    text = changed(("#metrics", "#logs"), ('"eu-west-1"', '"Ireland"'), ('account = "prod"\n', ""))
    assert "3 problem(s)" in problems(text)
    start = CONFIG.index('bucket = "example-trail"')
    assert "4 problem(s)" in problems(CONFIG[:start])


def test_a_section_without_delivery_is_refused() -> None:
    """It would make an empty collector."""
    start = CONFIG.index("[observability.sumo]")
    assert "else nothing is delivered" in problems(CONFIG[:start] + '[observability.sumo]\naccount = "prod"\n')


def test_logs_without_a_group_are_refused() -> None:
    """No endpoint is listed, and no job chosen."""
    text = changed(('job_logs = ["training", "processing"]\n', ""))
    start, end = text.index("[[observability.endpoint]]"), text.index("[observability.sumo]")
    assert "no log group is chosen" in problems(text[:start] + text[end:])


def sources(text: str) -> dict[str, dict[str, Any]]:
    """Return the bodies of all sources by name."""
    return {each.name: each.body for each in wanted(parse_settings(text), PLACE).sources}


def test_sources_have_the_settings_of_the_page() -> None:
    """Category, path, time zone and lines of the CloudTrail source; fields of all."""
    found = sources(CONFIG)
    trail = found["CloudTrail"]
    assert (trail["category"], trail["scanInterval"]) == ("aws/observability/cloudtrail/logs", 300_000)
    assert (trail["forceTimeZone"], trail["timeZone"], trail["useAutolineMatching"]) == (True, "UTC", True)
    assert trail["thirdPartyRef"]["resources"][0]["path"]["pathExpression"] == "AWSLogs/*/CloudTrail/*"
    fields = {"account": "prod", "region": "eu-west-1", "accountid": "123456789012"}
    assert all(each["fields"] == fields for each in found.values())


def test_polling_takes_the_place_of_the_metric_stream() -> None:
    """Sumo Logic then reads the namespaces, in the case of CloudWatch."""
    text = changed(('metrics_url_secret = "secretsmanager:sumo/urls#metrics"\n', 'mode = "polling"\n'))
    (path,) = [each["path"] for each in sources(text)["Metrics by polling"]["thirdPartyRef"]["resources"]]
    assert {ENDPOINTS, PIPELINES} < set(path["limitToNamespaces"])
    assert "Metrics by Firehose" not in sources(text)


def test_limits_of_the_file_reach_the_monitors() -> None:
    """A latency is in microseconds there; a disabled alert has no monitor; jobs have some with their cores."""
    alerts = """
[[observability.alert]]
name = "model_latency_ms"
threshold = 250
window_secs = 900
[[observability.alert]]
name = "delete_calls"
enabled = false
"""
    text = changed(("[observability]\n", "[observability]\njob_vcpus = 8\n")) + alerts
    found = {each.ids: each.body for each in wanted(parse_settings(text), PLACE).monitors}
    assert ("A1",) not in found
    assert {("B2",), ("B4",), ("B6",)} < set(found)
    assert ("B3",) not in found
    critical, resolved = found["A2",]["triggers"]
    assert (critical["threshold"], critical["thresholdType"], critical["timeRange"]) == (250_000, "GreaterThan", "-15m")
    assert (resolved["threshold"], resolved["thresholdType"]) == (250_000, "LessThanOrEqual")
    assert "quantize to 15m using avg" in found["A2",]["queries"][0]["query"]
    assert found["B2",]["triggers"][0]["threshold"] == 640


def test_the_rule_of_accounts_has_the_category_of_the_trail() -> None:
    """Every other rule has the scope of the page; the mark is a comment at the end."""
    text = changed(('region = "eu-west-1"\n', 'region = "eu-west-1"\ncategory = "trail"\n'))
    objects = wanted(parse_settings(text), PLACE)
    rules = {each.ids: each.body for each in objects.rules}
    assert rules["R.Accounts",]["scope"] == "_sourceCategory=trail"
    assert '"210987654321", "dev"' in rules["R.Accounts",]["parseExpression"]
    assert all(each["parseExpression"].endswith(f"\n// {objects.mark}") for each in rules.values())
