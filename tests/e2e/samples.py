"""The sample captures as SageMaker lays them into a bucket, and what must become of them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_EVENTS = Path(__file__).parents[2] / "events"
Held = dict[tuple[str, str], dict[str, Any]]

# By code; each is of the route that takes what no longer prefix covers.
REJECTED = Counter(
    {
        "binary_payload": 1,
        "row_count_mismatch": 1,
        "error_body": 3,
        "line_not_json": 1,
        "not_a_capture": 2,
        "one_sided": 2,
    }
)
REJECTING_ROUTE = "everything-else"


def captures() -> Iterator[tuple[str, bytes]]:
    """Yield key and content of every sample capture object."""
    folder = _EVENTS / "captures"
    for path in sorted((folder / "datacapture").rglob("*.jsonl*")):
        # Folder names are percent-encoded where a key holds what a file system cannot.
        yield unquote(path.relative_to(folder).as_posix()), path.read_bytes()


def capture_of(endpoint: str) -> bytes:
    """Return the content of the one sample capture object of an endpoint."""
    ((_, content),) = (each for each in captures() if each[0].startswith(f"datacapture/{endpoint}/"))
    return content


def expected() -> Held:
    """Return what the monitor must hold of all samples, by model and inference id."""
    lines = map(json.loads, (_EVENTS / "expected.jsonl").read_bytes().splitlines())
    return {(one["model_id"], one["partner_inference_id"]): one["inference_data"] for one in lines}
