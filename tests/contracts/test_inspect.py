"""`inspect`: its rows at every width, its counts, its sources, and the route of a file."""

import fcntl
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import boto3
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app
from tests.support.captures import capture, csv_side

SAMPLE = Path("events/sample.jsonl")
MIXED = next(Path("events/captures/datacapture/synthetic-mixed-lines").rglob("*.jsonl"))
CONFIG = Path("events/forwarder.toml")
HEADER = next(Path("events/captures/datacapture/synthetic-csv-header").rglob("*.jsonl"))
KEY = HEADER.relative_to("events/captures").as_posix()
COMMAND = [sys.executable, "-m", "capture_ops", "inspect"]


def inspect(*arguments: object) -> Result:
    """Run `inspect`."""
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def last_line(text: str) -> str:
    """Return the last line of a text."""
    return text.splitlines()[-1]


def test_the_last_line_counts_lines_and_rows() -> None:
    """Rejections and skipped lines are counted by their reasons."""
    assert last_line(inspect(MIXED).stdout) == (
        "lines: 8 read, 2 decoded, 3 rejected (line_not_json 1, not_a_capture 2), "
        "3 skipped (blank_line 1, ground_truth 1, merged 1); rows: 2 made, 2 would be sent, 0 rejected"
    )


def test_rejected_rows_are_counted_by_code(tmp_path: Path) -> None:
    """They belong to lines that were decoded."""
    answers = {"observedContentType": "application/json", "encoding": "JSON", "data": '[{"a": 1}, {"error": "no"}]'}
    (tmp_path / "a.jsonl").write_bytes(capture(csv_side("1\n2"), answers))
    done = inspect(tmp_path / "a.jsonl")
    assert last_line(done.stdout).endswith("rows: 2 made, 1 would be sent, 1 rejected (error_body 1)")


def test_the_sample_shows_every_kind_of_row() -> None:
    """The example of the README has inferences, a rejected line and a skipped line, all read without a configuration."""
    done = inspect(SAMPLE)
    assert done.exit_code == 0
    assert set(re.findall(r"inference|rejection|skipped", done.stdout)) == {"inference", "rejection", "skipped"}
    assert "5 read, 3 decoded, 1 rejected (row_count_mismatch 1), 1 skipped (shadow 1)" in last_line(done.stdout)


@pytest.mark.parametrize("width", [20, 60, 80, 100, 160])
def test_a_row_can_be_read_at_every_width(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer than the terminal, and every id, reason and value is there at least in part."""
    monkeypatch.setenv("COLUMNS", str(width))
    wide = capture(csv_side("日本語のとても長い,2,3,4,5,6,7,8,9,10,11"), csv_side("0.25"), inferenceId="id" * 60)
    (tmp_path / "a.jsonl").write_bytes(wide + b"\n" + SAMPLE.read_bytes())
    done = inspect(tmp_path / "a.jsonl")
    assert max(map(cell_len, done.stdout.splitlines())) <= width
    text = "".join(done.stdout.split())
    for whole in ("id" * 60, "feature_0=日本語のとても長い", "prediction_0=0.25", "row_count_mismatch", "order-1001_2"):
        assert whole in text, whole


@pytest.mark.parametrize("width", ["60", "200"])
def test_piped_rows_have_the_width_that_the_environment_names(width: str) -> None:
    """A pipe has no width of its own."""
    environment = os.environ | {"COLUMNS": width}
    done = subprocess.run([*COMMAND, MIXED], capture_output=True, text=True, check=True, env=environment)  # noqa: S603 - ourselves
    assert 50 < max(map(len, done.stdout.splitlines())) <= int(width)


def test_a_command_has_the_width_of_its_terminal_also_in_a_pipe() -> None:
    """A pager shows the output there. COLUMNS wins, and a width of 0 counts for none."""
    for columns, most in (("", 70), ("0", 70), ("90", 90)):
        controller, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        environment = os.environ | {"COLUMNS": columns}
        done = subprocess.run([*COMMAND, MIXED], stdin=terminal, capture_output=True, check=True, env=environment)  # noqa: S603 - ourselves
        rows = [line for line in done.stdout.decode().splitlines() if not line.startswith("lines:")]
        assert 60 < max(map(len, rows)) <= most
        os.close(controller)
        os.close(terminal)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
def test_an_empty_file_is_reported(content: bytes, tmp_path: Path) -> None:
    """It is no error: an endpoint may have no calls."""
    (tmp_path / "a.jsonl").write_bytes(content)
    done = inspect(tmp_path / "a.jsonl")
    assert (done.exit_code, "".join(done.stdout.split())) == (0, f"{tmp_path}/a.jsonlisempty.")
    assert inspect("--json", tmp_path / "a.jsonl").stdout == ""


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PAR1\x15\x04\x15\x10" * 900,
        b"PK\x03\x04\n" * 300,
        b"\x80\x04\x95 pickled",
        json.dumps({"captureData": {}}).encode("utf-16"),
        json.dumps({"captureData": {}}).encode("utf-16-le"),
        gzip.compress(b"model.tar\0\0\0" * 900),
    ],
    ids=["png", "parquet", "zip", "pickle", "UTF-16", "UTF-16 without a mark", "gzip of a tar"],
)
def test_a_binary_file_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    """It is not hundreds of rejected lines. The command ends with 1."""
    (tmp_path / "a.bin").write_bytes(content)
    for done in (inspect(tmp_path / "a.bin"), inspect("--json", tmp_path / "a.bin")):
        assert (done.exit_code, done.stdout) == (1, "")
        assert "is binary, and no capture file" in " ".join(done.stderr.split())


def test_an_object_is_checked_like_a_file(bucket: str) -> None:
    """It may be empty or binary."""
    boto3.client("s3").put_object(Bucket=bucket, Key="empty.jsonl", Body=b"")
    boto3.client("s3").put_object(Bucket=bucket, Key="model.tar", Body=b"model\0\0\0")
    empty, binary = inspect(f"s3://{bucket}/empty.jsonl"), inspect(f"s3://{bucket}/model.tar")
    assert (empty.exit_code, last_line(empty.stdout)) == (0, f"s3://{bucket}/empty.jsonl is empty.")
    assert (binary.exit_code, "is binary" in binary.stderr) == (1, True)


@pytest.mark.parametrize(
    "content",
    [b"\0\0damaged\n", b"caf\xe9\n", b"\xff\xfe\xfd\n", b"\xef\xbb\xbf"],
    ids=["zeros", "another encoding", "no text", "byte order mark"],
)
def test_a_damaged_line_does_not_make_a_file_binary(content: bytes, tmp_path: Path) -> None:
    """The captures after it are shown."""
    (tmp_path / "a.jsonl").write_bytes(content + SAMPLE.read_bytes())
    done = inspect(tmp_path / "a.jsonl")
    assert done.exit_code == 0
    assert "3 decoded" in done.stdout


def test_a_character_at_the_end_of_the_head_may_be_cut(tmp_path: Path) -> None:
    """The first 4096 bytes decide. They may end within a character."""
    (tmp_path / "a.csv").write_bytes(b"a" + "ü".encode() * 4000 + b"\n" + SAMPLE.read_bytes())
    assert inspect(tmp_path / "a.csv").exit_code == 0


def test_a_limit_shows_the_first_rows_only() -> None:
    """It counts rows and lines without rows. The counts are those of the rows that are shown."""
    done = inspect(MIXED, "--limit", 3)
    assert done.stdout.count("line ") == 3
    assert "--limit 3 ends the inspection here." in done.stdout
    assert last_line(done.stdout).startswith("lines: 3 read")
    done = inspect("--json", MIXED, "--limit", 3)
    assert len(done.stdout.splitlines()) == 3
    assert "--limit" not in inspect(MIXED, "--limit", 100).stdout
    assert inspect(MIXED, "--limit", 0).exit_code == 2


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_rows_of_standard_input_are_printed_as_they_come(options: list[str]) -> None:
    """The first row is there while the rest of the input is not."""
    first, rest = SAMPLE.read_bytes().split(b"\n", 1)
    with subprocess.Popen([*COMMAND, "-", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(first + b"\n")
        process.stdin.flush()
        shown = process.stdout.readline()
        assert b"order-1001_0" in shown
        process.stdin.write(rest)
        process.stdin.close()
        assert inspect(*options, SAMPLE).stdout.encode() == shown + process.stdout.read()
    assert process.returncode == 0


def test_a_reader_may_leave_early() -> None:
    """`inspect FILE | head -1` prints one line and no traceback."""
    file = b"".join(SAMPLE.read_bytes() for _ in range(500))
    with subprocess.Popen([*COMMAND, "-"], stdin=-1, stdout=-1, stderr=-1) as process:  # noqa: S603 - ourselves
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(file)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    "options",
    [["--route", "synthetic-csv-header"], ["--key", KEY], ["--key", f"s3://sagemaker-eu-west-1-123456789012/{KEY}"]],
    ids=["route", "key", "address"],
)
def test_a_file_has_the_route_of_its_key(options: list[str]) -> None:
    """The options of this route take the names of the header."""
    done = inspect("--json", HEADER, "--config", CONFIG, *options)
    assert (done.exit_code, done.stderr[:6]) == (0, "lines:")
    assert all(not name.startswith("feature_") for name in json.loads(done.stdout.splitlines()[0])["inputs"])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((HEADER, "--route", "synthetic-csv-header"), 2, "give --config FILE"),
        ((HEADER, "--key", KEY), 2, "give --config FILE"),
        ((HEADER, "--config", CONFIG), 2, "give --key with the key of its object in S3, or give --route with one of"),
        (("-", "--config", CONFIG), 2, "standard input has no route"),
        ((HEADER, "--config", CONFIG, "--key", "none/a.jsonl"), 2, "no route has the prefix and suffix"),
        ((HEADER, "--config", CONFIG, "--key", "s3://elsewhere/a"), 2, "no route has the prefix and suffix"),
        ((HEADER, "--config", CONFIG, "--key", "s3://elsewhere"), 2, "write s3://bucket/key"),
        ((HEADER, "--config", CONFIG, "--key", KEY, "--route", "synthetic-csv-header"), 2, "does not go with --route"),
        (("s3://b/k", "--config", CONFIG, "--key", KEY), 2, "does not go with"),
    ],
)
def test_a_route_that_is_not_clear_is_an_error(
    arguments: tuple[object, ...], code: int, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the missing option. No row is printed."""
    given = [one.absolute() if isinstance(one, Path) else one for one in arguments]
    monkeypatch.chdir(tmp_path)
    done = inspect(*given)
    assert (done.exit_code, done.stdout) == (code, "")
    assert sentence in " ".join(done.stderr.split())


def test_a_key_in_several_buckets_needs_its_address(tmp_path: Path) -> None:
    """Two buckets may have the same prefix."""
    route = '[[route]]\nname = "{0}"\nbucket = "{0}"\nprefix = "data/"\ndestination = "d"\nmodel_id = "m"\n'
    destination = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example"\nsecret = "ssm:/t"\n'
    (tmp_path / "f.toml").write_text(destination + route.format("first") + route.format("other"))
    unclear = inspect(SAMPLE, "--config", tmp_path / "f.toml", "--key", "data/a.jsonl")
    assert (unclear.exit_code, "give --key s3://BUCKET/KEY" in " ".join(unclear.stderr.split())) == (2, True)
    assert inspect(SAMPLE, "--config", tmp_path / "f.toml", "--key", "s3://other/data/a.jsonl").exit_code == 0


def test_the_configuration_of_the_environment_has_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """--route finds the configuration as the other commands do."""
    monkeypatch.setenv("CAPTURE_FORWARDER_CONFIG", str(CONFIG))
    assert inspect(HEADER, "--route", "synthetic-csv-header").exit_code == 0
