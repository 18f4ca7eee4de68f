"""Real captures against goldens written by hand, and against a reference that shares no code with the product."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.domain.route import DecodingOptions, PayloadOptions
from capture_forwarder.kinds.captures.plain import Decoded, PlainPath
from capture_forwarder.lines.reader import LineReader
from capture_ops.commands.inspect import Inspection, as_json
from tests.support.reference import reference

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT / "events" / "captures" / "datacapture"
GOLDEN = sorted(Path(__file__).parent.glob("*.jsonl"))
FILES = sorted(path for path in CAPTURES.rglob("*.jsonl*") if path.is_file())


def without_why(line: str) -> str:
    """Return a line of `inspect --json` as the golden files hold it: 1 and 1.0 stay two things."""
    part = json.loads(line)
    part.pop("why", None)
    return _exact(part)


def _exact(document: Any) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def _name(path: Path) -> str:
    return path.relative_to(CAPTURES).parts[0] + "-" + path.name[-12:]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.stem)
def test_inspect_gives_the_golden_file(golden: Path) -> None:
    """Ids, names, values and their types of every row, and the code of every rejection, file by file in order."""
    files = sorted((CAPTURES / golden.stem).rglob("*.jsonl"))
    found = [without_why(as_json(part)) for file in files for part in Inspection(str(file))]
    written = golden.read_text(encoding="utf-8").splitlines()
    assert files
    assert found == [_exact(json.loads(line)) for line in written]


def test_every_real_endpoint_has_a_golden_file() -> None:
    """A source of captures that is added gets one too."""
    real = {folder.name for folder in CAPTURES.iterdir() if not folder.name.startswith("synthetic-")}
    assert {path.stem for path in GOLDEN} == real


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_the_reference_gives_the_same(file: Path) -> None:
    """Two implementations of the rules, one with only `csv` and `json`, agree on every line of every file."""
    header = PayloadOptions(csv_header="synthetic-csv-header" in file.parts)
    transform = PlainPath(DecodingOptions(input=header, output=header))
    raw = file.read_bytes()
    outcomes = [transform(line) for line in LineReader([raw], len(raw) + 1)]
    parts = [part for one in outcomes for part in (one.rows if isinstance(one, Decoded) else [one])]
    content = gzip.decompress(raw) if file.suffix == ".gz" else raw
    expected = reference(content, csv_header=bool(header.csv_header))
    assert [without_why(as_json(part)) for part in parts] == [_exact(part) for part in expected]
