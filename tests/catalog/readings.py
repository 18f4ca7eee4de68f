"""Readings of the accounts of tests."""

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
