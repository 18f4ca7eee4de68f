"""What is left of botocore's data: what is in use, as its publisher has it but for texts, and nothing else."""

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.bundling.botocore_data import cut_data
from infra.bundling.target import AssetError, Target
from infra.bundling.wheels import DEPENDENCIES, install_wheels

# Where botocore describes the services in use, and which of their operations the function knows.
DESCRIBED = {
    "dynamodb/2012-08-10": {"BatchGetItem", "DescribeEndpoints", "PutItem"},
    "s3/2006-03-01": {"CreateSession", "GetObject", "HeadBucket", "PutObject"},
    "secretsmanager/2017-10-17": {"GetSecretValue"},
    "sqs/2012-11-05": {"SendMessage"},
    "ssm/2014-11-06": {"GetParameter"},
    "sts/2011-06-15": {"AssumeRole", "AssumeRoleWithWebIdentity"},
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return botocore's data as its publisher has it."""
    folder = tmp_path_factory.mktemp("published")
    install_wheels(DEPENDENCIES, folder, Target.here())
    return folder / "botocore" / "data"


@pytest.fixture(scope="module")
def data(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what is left of it."""
    folder = tmp_path_factory.mktemp("cut") / "data"
    shutil.copytree(published, folder)
    cut_data(folder)
    return folder


def untold(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read an object of a description with its text blanked; a hook of `json.loads`."""
    return {key: "" if key == "documentation" and isinstance(value, str) else value for key, value in pairs}


def test_the_services_in_use_are_there_and_no_other(data: Path) -> None:
    """Hundreds are left out."""
    found = {path.name for path in data.iterdir() if path.is_dir()}
    assert found == {"dynamodb", "s3", "secretsmanager", "sqs", "ssm", "sts"}


@pytest.mark.parametrize("place", DESCRIBED)
def test_what_stays_of_a_description_is_the_publishers(data: Path, published: Path, place: str) -> None:
    """Operations in use, all they reach and all errors are whole but for their texts; no key is taken from them."""
    whole = json.loads(
        gzip.decompress((published / place / "service-2.json.gz").read_bytes()), object_pairs_hook=untold
    )
    text = (data / place / "service-2.json").read_text(encoding="utf-8")
    part = json.loads(text)
    assert part["operations"].keys() == DESCRIBED[place]
    assert set(re.findall(r'"shape":"(\w+)"', text)) <= part["shapes"].keys()
    assert {name for name, shape in whole["shapes"].items() if shape.get("exception")} <= part["shapes"].keys()
    for of in ("operations", "shapes"):
        whole[of] = {name: one for name, one in whole[of].items() if name in part[of]}
    assert part == whole


def test_endpoints_are_known_in_every_region(data: Path, published: Path) -> None:
    """Whatever partition and region it is deployed to, the services in use are where they were."""
    whole = json.loads((published / "endpoints.json").read_bytes())
    used = {place.split("/")[0] for place in DESCRIBED}
    for partition in whole["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in used}
    assert json.loads((data / "endpoints.json").read_bytes()) == whole


def test_an_operation_that_botocore_dropped_fails_the_bundling_and_not_the_function(
    published: Path, tmp_path: Path
) -> None:
    """The error names the operation, and where it is asked for."""
    folder = tmp_path / "data"
    shutil.copytree(published, folder)
    packed = folder / "sqs/2012-11-05/service-2.json.gz"
    whole = json.loads(gzip.decompress(packed.read_bytes()))
    del whole["operations"]["SendMessage"]
    packed.write_bytes(gzip.compress(json.dumps(whole).encode()))
    with pytest.raises(AssetError, match=r"^botocore knows no sqs SendMessage; see infra/botocore_data.py$"):
        cut_data(folder)


def test_a_description_that_has_moved_fails_the_bundling_and_not_the_function(published: Path, tmp_path: Path) -> None:
    """A botocore that keeps its data elsewhere is noticed when it is locked."""
    folder = tmp_path / "data"
    shutil.copytree(published, folder)
    (folder / "ssm/2014-11-06/service-2.json.gz").rename(folder / "ssm/2014-11-06/service-3.json.gz")
    with pytest.raises(AssetError, match=r"^botocore describes ssm no more as infra/botocore_data.py expects$"):
        cut_data(folder)
