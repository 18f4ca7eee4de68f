"""`quarantine list` and `quarantine show`: their output, the data that they never print, and how wrong calls end."""

import gzip
import json
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from capture_forwarder.configuration.names import RESOURCE_VARIABLES, StackOutput
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import RejectionCode
from capture_ops.__main__ import app
from tests.support.replay_world import encode_file, line_entry, object_entry, rejected, rows_entry

CONFIG = "events/forwarder.toml"
PRIVATE = "customer-4711"
DATA = f'{{"captureData": "{PRIVATE}", "odd": "'.encode() + b'\x1b[31m\xff"}'
ENTRIES = [
    line_entry(DATA, code=RejectionCode.BAD_CSV, why="row 2 has 3 values", line=7, inference_id=PRIVATE),
    rows_entry(PRIVATE, 400, rejected(0, 2, 7, why="status 400: no"), rejected(*range(20, 40), why="too old"), line=9),
    object_entry(RejectionCode.GIVEN_UP, why="it waited for a person for 7 days"),
]


def run(*arguments: object) -> Result:
    """Run one command at the width of a small terminal."""
    return CliRunner().invoke(app, ["quarantine", *map(str, arguments)], env={"COLUMNS": "60"})


@pytest.fixture
def quarantine(bucket: str) -> str:
    """Put two files of different routes into a bucket, and return its name."""
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key="rejected/route=churn/2026/01/15/a.jsonl.gz", Body=encode_file(ENTRIES))
    s3.put_object(Bucket=bucket, Key="rejected/route=fraud/2026/01/16/b.jsonl.gz", Body=encode_file([]))
    s3.put_object(Bucket=bucket, Key="rejected/", Body=b"")
    s3.put_object(Bucket=bucket, Key="elsewhere/c.jsonl.gz", Body=b"")
    return bucket


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write one file."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(encode_file(ENTRIES))
    return path


def addresses(done: Result) -> list[str]:
    """Return the addresses in a list."""
    return [line.split("  ")[-1] for line in done.stdout.splitlines()[:-1]]


def test_a_list_has_one_line_for_each_file(quarantine: str) -> None:
    """With its whole address, as `show` takes it, at any width."""
    done = run("list", f"s3://{quarantine}/rejected/")
    folder = f"s3://{quarantine}/rejected/route="
    assert addresses(done) == [f"{folder}churn/2026/01/15/a.jsonl.gz", f"{folder}fraud/2026/01/16/b.jsonl.gz"]
    assert done.stdout.splitlines()[-1].startswith("2 files, ")
    assert run("list", f"{folder}fraud/").stdout.splitlines()[-1].startswith("1 files, 2")
    assert run("list", f"s3://{quarantine}/none/").stdout == f"0 files, 0 bytes at s3://{quarantine}/none/\n"


def test_a_list_of_a_stack_finds_its_bucket(quarantine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the stack's output, by the stack of the configuration, or by the function's own variable."""
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    template |= {"Outputs": {StackOutput.QUARANTINE_BUCKET: {"Value": quarantine}}}
    client = boto3.client("cloudformation")
    for name in ("other", "capture-forwarder"):
        client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    monkeypatch.delenv(RESOURCE_VARIABLES["quarantine_bucket"], raising=False)
    expected = run("list", f"s3://{quarantine}/rejected/").stdout
    assert run("list", "--stack", "other").stdout == expected
    assert run("list", "--config", CONFIG).stdout == expected
    missing = run("list", "--stack", "none")
    assert (missing.exit_code, "there is no stack none" in missing.stderr) == (2, True)
    monkeypatch.setenv(RESOURCE_VARIABLES["quarantine_bucket"], quarantine)
    assert run("list").stdout == expected
    for name in ("other", "capture-forwarder"):  # other tests use the same local AWS
        client.delete_stack(StackName=name)


def test_a_list_as_json_has_one_object_for_each_file(file: Path) -> None:
    """Programs read it."""
    (line,) = run("list", "--json", file.parent).stdout.splitlines()
    fields = json.loads(line)
    assert (fields["file"], fields["size_bytes"]) == (str(file), file.stat().st_size)
    assert fields["modified"].endswith("+00:00")


SHOWN = """\
line 7 of s3://captures/a (route churn)
  bad_csv: row 2 has 3 values
line 9 of s3://captures/a (route churn)
  refused_by_destination 3 of 400 rows (0, 2, 7): status 400: no
  refused_by_destination 20 of 400 rows (20, 21, 22, 23, 24, 25, 26, 27, 28, 29, ...): too old
the whole object s3://captures/a (route churn)
  given_up: it waited for a person for 7 days
bad_csv 1, given_up 1, refused_by_destination 2
"""


def test_a_file_is_shown_without_captured_data(file: Path, quarantine: str) -> None:
    """Line, code and reason of every entry; from a bucket as from a folder."""
    done = run("show", file)
    assert (done.exit_code, done.stdout) == (0, SHOWN)
    assert run("show", f"s3://{quarantine}/rejected/route=churn/2026/01/15/a.jsonl.gz").stdout == SHOWN
    lines = [json.loads(line) for line in run("show", "--json", file).stdout.splitlines()]
    assert [line["line"] for line in lines] == [7, 9, 0]
    assert lines[1]["rejections"][0] == {"code": "refused_by_destination", "why": "status 400: no", "rows": [0, 2, 7]}
    assert PRIVATE not in json.dumps(lines)


def test_captured_data_is_shown_on_demand_and_escaped(file: Path) -> None:
    """A terminal gets no control character, also not in JSON."""
    shown, documents = run("show", "--data", file).stdout, run("show", "--data", "--json", file).stdout
    assert f"  inference id: {PRIVATE}\n" in shown
    assert r'  data: {"captureData": "customer-4711", "odd": "\x1b[31m\xff"}' in shown
    assert "  data: not kept\n" in shown
    assert json.loads(documents.splitlines()[0])["data"].endswith('\x1b[31m\\xff"}')
    assert all(text.replace("\n", "").isascii() and text.replace("\n", "").isprintable() for text in (shown, documents))


@pytest.mark.parametrize("odd", ["\x1b[2J", "\x9b31m", "\u202e", "\nforged line", "\x7f"])
def test_text_of_a_file_cannot_control_the_terminal(tmp_path: Path, odd: str) -> None:
    """Names and reasons come from outside."""
    document = {
        "bucket": "captures",
        "key": f"a{odd}b",
        "route": f"c{odd}d",
        "line": 1,
        "byte_offset": 0,
        "rejections": [{"code": "bad_csv", "why": f"e{odd}f"}],
    }
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    for options in ((), ("--json",), ("--data",), ("--data", "--json")):
        done = run("show", *options, tmp_path / "a.jsonl.gz")
        assert done.exit_code == 0
        assert all(line.isprintable() for line in done.stdout.split("\n"))
        assert "\nforged" not in done.stdout


def test_a_file_without_entries_says_so(quarantine: str) -> None:
    """Replay leaves such files."""
    done = run("show", f"s3://{quarantine}/rejected/route=fraud/2026/01/16/b.jsonl.gz")
    assert (done.exit_code, done.stdout) == (
        0,
        "No entries: they were replayed, or another run took the object over.\n",
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"plain text", "is not whole gzip"),
        (gzip.compress(b'{"a": 1}\n'), "line 1 is not an entry"),
        (encode_file(ENTRIES)[:-9], "is not whole gzip"),
    ],
    ids=["text", "another document", "half a file"],
)
def test_a_file_that_is_not_quarantine_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Its text is not printed."""
    (tmp_path / "a.jsonl.gz").write_bytes(content)
    done = run("show", tmp_path / "a.jsonl.gz")
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
    assert "plain text" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "s3://{bucket}/rejected/"), 2, "is not one file"),
        (("show", "s3://{bucket}/rejected/none.jsonl.gz"), 2, "does not exist"),
        (("show", "none.jsonl.gz"), 2, "does not exist"),
        (("show", "s3://"), 2, "names no bucket"),
        (("list", "s3:///rejected/"), 2, "names no bucket"),
        (("list", "s3://no-such-bucket-at-all/"), 4, "NoSuchBucket"),
        (("list", "--config", "README.md"), 3, "is not TOML"),
    ],
)
def test_a_wrong_call_ends_with_its_code_and_a_sentence(
    quarantine: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """The sentence names the correct argument."""
    monkeypatch.delenv(RESOURCE_VARIABLES["quarantine_bucket"], raising=False)
    done = run(*(word.format(bucket=quarantine) for word in arguments))
    assert (done.exit_code, done.stdout) == (code, "")
    assert sentence in " ".join(done.stderr.split())


def test_the_version_of_an_object_is_in_the_json(tmp_path: Path) -> None:
    """A person can read the original with it."""
    source = CaptureObject("captures", "a", version_id="v1", etag="e1")
    (tmp_path / "a.jsonl.gz").write_bytes(encode_file([line_entry(None, source=source)]))
    fields = json.loads(run("show", "--json", tmp_path / "a.jsonl.gz").stdout)
    assert (fields["bucket"], fields["key"], fields["version_id"], fields["etag"]) == ("captures", "a", "v1", "e1")
