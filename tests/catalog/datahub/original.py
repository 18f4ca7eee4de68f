"""Writes `stubs/original.json`, the records of DataHub's own source. Run `python -m tests.catalog.datahub.original`."""

import json
import os
import tempfile
from pathlib import Path

from tests.catalog.datahub.records import run
from tests.catalog.datahub.stubs import ORIGINAL, REGION, stub_table
from tests.catalog.table_server import serving

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


def original_of(file: Path) -> None:
    """Run DataHub's source on the stubs. It reads no `aws_endpoint_url`, so botocore's variable is set."""
    with serving(stub_table()) as server:
        os.environ["AWS_ENDPOINT_URL"] = server.url
        try:
            run("sagemaker", {"aws_region": REGION, **KEYS}, file)
        finally:
            del os.environ["AWS_ENDPOINT_URL"]


def main() -> None:
    """Write the file, without the metadata of the run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.json"
        original_of(file)
        entries = json.loads(file.read_text())
    for entry in entries:
        entry.pop("systemMetadata", None)
    ORIGINAL.write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
