"""Readings of the accounts of tests."""

from botocore.config import Config

from integrations.catalog.options import Options
from integrations.catalog.reader import Reading, read
from tests.catalog.table_server import TableServer

ONLY_ORIGINAL = Options(
    extract_endpoints=False,
    extract_captures=False,
    extract_registry=False,
    extract_pipelines=False,
    extract_monitoring_schedules=False,
    extract_tags=False,
)


def read_all(server: TableServer, options: Options = Options()) -> Reading:  # noqa: B008 - a frozen value
    return read(server.client(), options, sleep=lambda _: None)


def no_retries() -> Config:
    """Return settings by which botocore tries a call once."""
    return Config(retries={"total_max_attempts": 1, "mode": "standard"})
