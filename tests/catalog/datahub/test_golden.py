"""On DataHub's own stubs our source gives the records of DataHub's, but for a written list of corrections."""

from pathlib import Path

import pytest

from tests.catalog.datahub import corrections, original
from tests.catalog.datahub.corrections import ABSENT, Correction
from tests.catalog.datahub.records import Records, dangling, fields_of, records_of, run
from tests.catalog.datahub.stubs import GOLDEN, ORIGINAL, REGION, stub_table
from tests.catalog.table_server import serving


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Records:
    file = tmp_path_factory.mktemp("ours") / "ours.json"
    with serving(stub_table()) as server:
        config = {"aws_region": REGION, "aws_endpoint_url": server.url, **original.KEYS}
        run("sagemaker-capture", config, file).raise_from_status()
    return records_of(file)


@pytest.mark.parametrize(("file", "listed"), [(GOLDEN, corrections.GOLDEN), (ORIGINAL, corrections.ORIGINAL)])
def test_differs_from_datahub_by_the_listed_corrections_only(
    file: Path, listed: tuple[Correction, ...], ours: Records
) -> None:
    theirs, found = fields_of(records_of(file)), fields_of(ours)
    used: set[Correction] = set()
    unlisted = {}
    for field, before in theirs.items():
        value = before
        for each in listed:
            if value is not ABSENT and each.applies(field) and (changed := each.change(value)) != value:
                value = changed
                used.add(each)
        if found.get(field, ABSENT) != value:
            unlisted[field] = (value, found.get(field))
    assert unlisted == {}
    assert [each for each in listed if each not in used] == []


def test_has_no_dangling_reference(ours: Records) -> None:
    assert dangling(ours) == set()


def test_the_original_still_gives_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    original.original_of(tmp_path / "again.json")
    before, after = fields_of(records_of(ORIGINAL)), fields_of(records_of(tmp_path / "again.json"))
    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key] and "ResponseMetadata" not in key[2]} == set()
