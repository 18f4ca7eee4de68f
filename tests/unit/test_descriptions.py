"""botocore's descriptions of AWS services, read by our loader."""

from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import JSONFileLoader

from capture_forwarder.aws.descriptions import DescriptionLoader

DATA = Path(botocore.__file__).parent / "data"
FILES = [
    "endpoints",
    "partitions",
    "sdk-default-configuration",
    *(
        str(path.relative_to(DATA)).removesuffix(".gz").removesuffix(".json")
        for service in ("dynamodb", "s3", "secretsmanager", "sqs", "ssm", "sagemaker")
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
