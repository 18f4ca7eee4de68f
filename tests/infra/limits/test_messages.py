"""Synthesis says when a limit makes prefixes wider, and refuses a configuration that no prefix makes small enough."""

import shutil
from pathlib import Path

import pytest
from aws_cdk import aws_lambda as lambda_

from capture_forwarder.configuration.reader import SettingsError, parse_settings
from infra.application import build_app, deployment_problems
from infra.limits import limit_notes, limit_problems
from tests.infra.limits.configurations import bucket as bucket_table
from tests.infra.limits.configurations import destination, keys, route, sized


def test_more_buckets_than_permissions_fit_for_are_refused() -> None:
    """With the limit, the number and the remedy. Two keys a bucket are the longest."""
    text = destination()
    for index in range(200):
        text += route(index, f"bucket-{index:03}", "datacapture/churn/") + bucket_table(
            f"bucket-{index:03}", keys(1, 2)
        )
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, extra_checks=deployment_problems)
    (problem,) = caught.value.problems
    assert problem.startswith("the function needs ")
    assert "managed policies of 6,144 characters for its 200 buckets and 1 destinations" in problem
    assert problem.endswith("at most 10; write a second file with another [stack] name for a part of the buckets")


@pytest.mark.parametrize(
    ("unrouted", "others"),
    [
        ("quarantine", '; other objects below them go to quarantine, unless the [[bucket]] has unrouted = "skip"'),
        ("skip", ""),
    ],
)
@pytest.mark.parametrize(("routes", "notes"), [(46, 0), (47, 1)])
def test_a_rule_with_wider_prefixes_is_a_note(routes: int, notes: int, unrouted: str, others: str) -> None:
    """Names as SageMaker gives them. Events of other objects arrive then, and the note says how they are treated."""
    bucket = "sagemaker-ap-southeast-1-123456789012-00"
    table = f'\n[[bucket]]\nname = "{bucket}"\nunrouted = "{unrouted}"\n'
    found = list(limit_notes(parse_settings(sized(routes, 1, keyed=False) + table)))
    assert len(found) == notes
    for note in found:
        assert note == (
            "note: bucket 'sagemaker-ap-southeast-1-123456789012-00': an event pattern has at most 2,048 characters, "
            f"so its rule matches wider prefixes (1 instead of 47){others}"
        )


def test_permissions_with_wider_prefixes_are_a_note() -> None:
    """Prefixes of a hundred characters."""
    settings = parse_settings(sized(500, 5, keyed=False, folder=f"{'x' * 100}/"))
    notes = list(limit_notes(settings))
    assert [note for note in notes if "a role has at most 10 managed policies of 6,144 characters" in note]
    assert not list(limit_problems(settings))


def test_more_rules_than_the_default_quota_are_a_note() -> None:
    """The quota can be raised, so the file is not refused for it."""
    text = destination() + "".join(route(index, f"bucket-{index:03}", "a/") for index in range(301))
    notes = list(limit_notes(parse_settings(text)))
    assert notes[-1] == "note: the stack has 301 rules; the default quota of an event bus is 300"


def test_more_resources_than_a_stack_takes_are_refused(tmp_path: Path) -> None:
    """Before CloudFormation does, and with the remedy."""
    text = destination()
    for index in range(170):
        text += route(index, f"bucket-{index:03}", "a/")
        text += bucket_table(f"bucket-{index:03}", "create = true", 'trigger = "eventbridge"')
    config = tmp_path / "large.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        build_app(config, code=lambda_.Code.from_inline("# not bundled"))
    (problem,) = caught.value.problems
    assert "resources, and CloudFormation takes at most 500; write a second file" in problem


def test_more_endpoints_than_the_second_stack_takes_are_refused(tmp_path: Path) -> None:
    """A second file would not help: its stack has the same endpoints."""
    text = destination() + route(0, "captures", "a/") + '\n[observability]\ndashboards = ["overview"]\n'
    text += "".join(f'\n[[observability.endpoint]]\nname = "e{index}"\n' for index in range(100))
    config = tmp_path / "endpoints.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        build_app(config, code=lambda_.Code.from_inline("# not bundled"))
    (problem,) = caught.value.problems
    assert problem.startswith("the stack capture-forwarder-observability has ")
    assert problem.endswith("takes at most 500; list fewer [[observability.endpoint]], or disable an alert with [[observability.alert]]")  # fmt: skip


def test_a_prefix_that_iam_refuses_in_a_policy_is_a_problem() -> None:
    """IAM documents its characters; a bucket may use all others, and a function on this machine reads them."""
    text = destination() + route(0, "captures", "gr\u00f6\u00dfe/") + route(1, "captures", "\u6570\u636e/churn/")
    (problem,) = deployment_problems(parse_settings(text))
    assert problem.startswith("route[1].prefix: IAM refuses a policy with '\u6570'; write the folder above")


def test_synthesis_writes_the_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To standard error: the template goes to standard output."""
    config = tmp_path / "many.toml"
    config.write_text(sized(47, 1, keyed=False), encoding="utf-8")
    shutil.rmtree(build_app(config, code=lambda_.Code.from_inline("# not bundled")).synth().directory)
    written = capsys.readouterr()
    assert written.err.startswith("note: bucket ")
    assert len(written.err.splitlines()) == 1
