"""The inferences that the demo expects, computed by the reference."""

import gzip
import json
from pathlib import Path
from typing import Any

from tests.support.reference import reference

CAPTURES = Path("events/captures/datacapture")
EXPECTED = Path("events/expected.jsonl")


def expected() -> list[dict[str, Any]]:
    """Return every inference that `events/forwarder.toml` makes of `events/captures`, by model."""
    rows: list[dict[str, Any]] = []
    for folder in sorted(CAPTURES.iterdir()):
        model = "everything-else" if folder.name.startswith("synthetic-") else folder.name
        for file in sorted(path for path in folder.rglob("*.jsonl*") if path.is_file()):
            rows += [{"model_id": model} | row for row in _rows(folder.name, file)]
    return rows


def _rows(endpoint: str, file: Path) -> list[dict[str, Any]]:
    if endpoint == "omerfguzel-scones-unlimited":
        return [_answer_alone(json.loads(line)) for line in file.read_bytes().splitlines()]
    content = _content(file)
    if endpoint == "aws-amazon-sagemaker-examples":
        content = b"".join(_without_inference_id(line) + b"\n" for line in content.splitlines())
    parts = reference(content, csv_header=endpoint == "synthetic-csv-header")
    return [
        {"partner_inference_id": part["partner_inference_id"], "inference_data": part["inputs"] | part["outputs"]}
        for part in parts
        if part["kind"] == "inference"
    ]


def _content(file: Path) -> bytes:
    if file.suffix != ".gz":
        return file.read_bytes()
    return gzip.decompress(file.read_bytes())


def _without_inference_id(line: bytes) -> bytes:
    record = json.loads(line)
    record["eventMetadata"].pop("inferenceId", None)
    return json.dumps(record).encode()


def _answer_alone(record: dict[str, Any]) -> dict[str, Any]:
    values = json.loads(record["captureData"]["endpointOutput"]["data"])
    data = {f"prediction_{index}": value for index, value in enumerate(values)}
    return {"partner_inference_id": record["eventMetadata"]["eventId"], "inference_data": data}


def test_the_demo_expects_what_the_reference_says() -> None:
    """The file is written anew with: `python -m tests.golden.test_expected > events/expected.jsonl`."""
    stored = [json.loads(line) for line in EXPECTED.read_text(encoding="utf-8").split("\n") if line]
    assert stored == expected()
    assert len({(row["model_id"], row["partner_inference_id"]) for row in stored}) == len(stored)


if __name__ == "__main__":
    for one in expected():
        print(json.dumps(one, ensure_ascii=False, separators=(",", ":")))
