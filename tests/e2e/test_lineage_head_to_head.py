"""SageMaker's SDK on the store and with the questions of `tests/lineage/test_head_to_head.py`."""

import json
from pathlib import Path

import boto3
import pytest

from tests.e2e.lineage_sdk_environment import PYTHON, SCRIPTS, run, served
from tests.lineage_fake.contest import MODES, SDK, prepare

pytestmark = pytest.mark.e2e


@pytest.mark.skipif(not PYTHON.exists(), reason="SageMaker's SDK is not installed: make e2e SDK_TESTS=PATH")
def test_the_sdks_answers(tmp_path: Path) -> None:
    """Issue 18, proof 3; facts 4 (R)."""
    with served(tmp_path, MODES) as (fake, environment):
        client = boto3.client("sagemaker", endpoint_url=environment["AWS_ENDPOINT_URL"])
        subjects = prepare(client, fake.store())
        names = {
            arn: fake.store().entities[arn].name for arn in (subjects.deployed.endpoint, subjects.deployed.approval)
        }
        questions = {
            "wide": subjects.wide,
            "long": subjects.long,
            "two starts": subjects.starts,
            "models of an endpoint": names[subjects.deployed.endpoint],
            "models of a data set": subjects.deployed.data,
            "package of an approval": names[subjects.deployed.approval],
            "edges left on delete": subjects.deleted,
        }
        ran = run([SCRIPTS / "answers.py"], environment, tmp_path, json.dumps(questions))
        assert ran.returncode == 0, ran.stderr[-3000:]
        assert json.loads(ran.stdout) == SDK
