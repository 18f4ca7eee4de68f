"""botocore's descriptions of AWS services, read by our loader."""

from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest
from botocore.loaders import JSONFileLoader

from capture_forwarder.aws.descriptions import DescriptionLoader
from capture_forwarder.aws.session import aws_session, session_of

DATA = Path(botocore.__file__).parent / "data"
FILES = [
    "endpoints",
    "partitions",
    "sdk-default-configuration",
    *(
        str(path.relative_to(DATA)).removesuffix(".gz").removesuffix(".json")
        for service in ("dynamodb", "s3", "sagemaker", "secretsmanager", "sqs", "ssm", "sts")
        for path in sorted((DATA / service).rglob("*.json*"))
    ),
]


def in_order(content: Any) -> Any:
    """Return JSON with objects as lists, so that the order of their names is compared, too."""
    if isinstance(content, dict):
        return [(name, in_order(value)) for name, value in content.items()]
    return [in_order(value) for value in content] if isinstance(content, list) else content


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_as_botocore_reads_it(name: str) -> None:
    """The content, its types and its order."""
    path = str(DATA / name)
    found, expected = DescriptionLoader().load_file(path), JSONFileLoader().load_file(path)
    assert repr(in_order(found)) == repr(in_order(expected))


def test_a_file_that_is_missing_has_no_content() -> None:
    """Botocore then looks in the next folder."""
    assert DescriptionLoader().load_file(str(DATA / "nothing")) is None


def test_a_profile_that_is_given_replaces_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one of the environment is not read, even if it is missing; the given one may name a folder of descriptions."""
    config = tmp_path / "config"
    config.write_text(f"[profile good]\nregion = us-west-2\ndata_path = {tmp_path}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with session_of(None, "good"):
        session = aws_session()
        loader = session._session.get_component("data_loader")
        assert session.region_name == "us-west-2"
        assert str(tmp_path) in loader.search_paths
        assert isinstance(loader.file_loader, DescriptionLoader)
