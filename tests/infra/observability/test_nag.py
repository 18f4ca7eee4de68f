"""cdk-nag and cfn-lint on the observability stack."""

import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from capture_forwarder.configuration.reader import parse_settings
from infra.stacks.observability_stack import ObservabilityStack
from tests.infra.conftest import Stacks
from tests.infra.examples import EXAMPLES
from tests.infra.observability.configurations import FULL, SUMO
from tests.infra.observability.nag import acknowledged
from tests.infra.test_nag import agree, findings_of
from tests.infra.test_templates import IGNORED

_TEXT = EXAMPLES["observability"].read_text(encoding="utf-8")
CONFIGURATIONS = {
    "the example": _TEXT,
    "a trail without a key": _TEXT.replace("[observability]", '[observability]\ntrail = "create"'),
    "delivery without a key": SUMO.read_text(encoding="utf-8"),
    "every option": FULL.read_text(encoding="utf-8"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_table_and_the_findings_are_the_same(name: str, tmp_path: Path) -> None:
    """As for the first stack: a new wildcard fails here, and so does a row without a finding."""
    settings = parse_settings(CONFIGURATIONS[name])
    app = cdk.App(outdir=str(tmp_path / "out"))
    topic = sns.Topic.from_topic_arn(cdk.Stack(app, "First"), "Topic", "arn:aws:sns:eu-west-1:123456789012:alarms")
    stack = ObservabilityStack(app, "Observability", settings=settings, topic=topic)
    found = findings_of(app, stack, tmp_path / "out")
    agree([(row.path, row.rule) for row in acknowledged(settings)], found)


def test_cfn_lint_finds_nothing(stacks: Stacks) -> None:
    """With the defaults and with every option; the first stacks are linted elsewhere."""
    files = [str(stacks.template_file(config, "Observability")) for config in (EXAMPLES["observability"], SUMO, FULL)]
    command = [str(Path(sys.executable).with_name("cfn-lint")), "-r", "eu-west-1", "-i", *IGNORED, "--", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own templates
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
