"""On one account, DataHub's source and ours in figures, as docs/catalog.md shows them."""

from pathlib import Path

import pytest

from tests.catalog.datahub.edges import lineage_fields
from tests.catalog.datahub.head_to_head import PAGE, Figures, figures, table_of

EXPECTED = {
    "sagemaker": Figures(4, 2, 1, 1, None, 0, 50),
    "sagemaker-capture": Figures(0, 0, 0, 0, 6, 0, 2),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_figures(kind: str, tmp_path: Path) -> None:
    assert figures(kind, tmp_path) == EXPECTED[kind]


def test_the_page_has_these_figures() -> None:
    assert table_of(EXPECTED["sagemaker"], EXPECTED["sagemaker-capture"]) in PAGE.read_text()


def test_the_installed_schemas_have_no_lineage_to_deployments() -> None:
    assert ("mlModelProperties", "deployments") not in lineage_fields()
    assert lineage_fields()["mlModelProperties", "downstreamJobs"] is False
    assert lineage_fields()["mlModelProperties", "trainingJobs"] is True
