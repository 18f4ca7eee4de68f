"""Backfills by an S3 Inventory report: its manifest, its files, and every report that cannot be used."""

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from typer.testing import CliRunner, Result

from capture_forwarder.aws.envelopes import open_message
from capture_ops.__main__ import app
from capture_ops.backfill.inventory import inventory_pages
from capture_ops.backfill.listing import Listed
from capture_ops.backfill.selection import Selection
from capture_ops.backfill.window import Window
from tests.support.stack import STACK, configured, deploy_stack

BUCKET = "sagemaker-eu-west-1-123456789012"
REPORTS = "reports"
AT = f"inventory/{BUCKET}/all/2026-02-01T01-00Z"
MANIFEST = f"s3://{REPORTS}/{AT}/manifest.json"
BELOW = f"s3://{BUCKET}/datacapture/"
FIELDS = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "ETag")
HOUR = "datacapture/churn/AllTraffic/2026/01/31/22"

Row = dict[str, str]


@pytest.fixture(autouse=True)
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run local AWS with a bucket for reports; the capture bucket stays empty, so a listing would be empty."""
    with configured(BUCKET, tmp_path, monkeypatch):
        boto3.client("s3").create_bucket(Bucket=REPORTS, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield


def row(key: str, **values: str) -> Row:
    """Return the row of a current object, as S3 writes it."""
    known = {"IsLatest": "true", "IsDeleteMarker": "false", "Size": "7", "LastModifiedDate": "2026-01-31T22:30:00.000Z"}
    return {"Bucket": BUCKET, "Key": quote_plus(key, safe="/"), "VersionId": "", "ETag": "e1"} | known | values


def report(*files: list[Row], fields: tuple[str, ...] = FIELDS, **manifest: Any) -> None:
    """Put a report with these files into its bucket, and a manifest that differs by `manifest`."""
    s3, described = boto3.client("s3"), []
    for number, rows in enumerate(files):
        text = StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [each[name] for name in fields] for each in rows
        )
        body = gzip.compress(text.getvalue().encode())
        key = f"inventory/{BUCKET}/all/data/{number}.csv.gz"
        s3.put_object(Bucket=REPORTS, Key=key, Body=body)
        checksum = hashlib.md5(body, usedforsecurity=False).hexdigest()
        described.append({"key": key, "size": len(body), "MD5checksum": checksum})
    document = {
        "sourceBucket": BUCKET,
        "destinationBucket": f"arn:aws:s3:::{REPORTS}",
        "version": "2016-11-30",
        "creationTimestamp": "1769907600000",
        "fileFormat": "CSV",
        "fileSchema": ", ".join(fields),
        "files": described,
    }
    s3.put_object(Bucket=REPORTS, Key=f"{AT}/manifest.json", Body=json.dumps(document | manifest).encode())


def selected(prefix: str = "datacapture/", window: Window | None = None) -> list[Listed]:
    """Return the objects that a backfill takes from the report."""
    selection = Selection(BUCKET, prefix, window or Window(suffixes=(".jsonl",)), (prefix,))
    pages = inventory_pages(boto3.client("s3"), MANIFEST, selection, Event())
    return [listed for page in pages for listed in page.selected]


def run(*arguments: str) -> Result:
    """Run the command with the report."""
    return CliRunner().invoke(app, ["backfill", BELOW, "--inventory", MANIFEST, "--stack", STACK, *arguments])


def test_a_report_takes_the_place_of_a_listing() -> None:
    """All its files are read; keys are decoded, prefix and hours select as they do in a listing."""
    stack = deploy_stack()
    odd = "datacapture/ü +%41/AllTraffic/2026/01/31/22/a b.jsonl"
    report([row(f"{HOUR}/a.jsonl"), row(odd)], [row(f"{HOUR}/b.jsonl"), row("logs/a.jsonl"), row(f"{HOUR}/c.csv")])
    done = run("--since", "2026-01-31T22", "--until", "2026-01-31T23")
    assert done.exit_code == 0, done.output
    assert "3 sent, 2 outside" in done.stdout
    (message,) = boto3.client("sqs").receive_message(QueueUrl=stack.backfill)["Messages"]
    sources = [work.source for work in open_message(message["Body"]).works]
    assert [each.key for each in sources] == [f"{HOUR}/a.jsonl", odd, f"{HOUR}/b.jsonl"]
    assert {(each.bucket, each.etag, each.size, each.version_id) for each in sources} == {(BUCKET, "e1", 7, None)}
    outside = run("--since", "2026-02-01", "--dry-run")
    assert "5 of the listed objects are outside" in outside.stdout


def test_only_the_latest_version_of_an_object_is_taken() -> None:
    """Older versions and delete markers are in reports of all versions."""
    old = row(f"{HOUR}/a.jsonl", VersionId="1", IsLatest="false", ETag="e0")
    gone = row(f"{HOUR}/b.jsonl", VersionId="2", IsDeleteMarker="true", Size="", ETag="")
    report([old, row(f"{HOUR}/a.jsonl", VersionId="2"), gone])
    assert [(each.source.key, each.source.etag) for each in selected()] == [(f"{HOUR}/a.jsonl", "e1")]


def test_a_report_of_few_fields_is_enough() -> None:
    """Size and time may be missing; an object without an hour in its key is then selected."""
    report([row(f"{HOUR}/a.jsonl"), row("datacapture/b.jsonl")], fields=("Bucket", "Key", "ETag"))
    assert [(each.source.size, each.modified) for each in selected()] == [(None, None)] * 2


def test_a_report_without_files_is_an_empty_bucket() -> None:
    """It is no error."""
    report()
    assert selected() == []


def test_many_rows_are_read_as_a_stream() -> None:
    """Page by page: the second page is not read before the first is taken."""
    report([row(f"{HOUR}/{number}.jsonl") for number in range(2500)])
    pages = inventory_pages(boto3.client("s3"), MANIFEST, Selection(BUCKET, "", Window(), ("",)), Event())
    assert [len(page.selected) for page in pages] == [1000, 1000, 500]


def test_a_stopped_report_ends() -> None:
    """No further page is read."""
    report([row(f"{HOUR}/{number}.jsonl") for number in range(2500)], [row(f"{HOUR}/a.jsonl")])
    stopped = Event()
    pages = inventory_pages(boto3.client("s3"), MANIFEST, Selection(BUCKET, "", Window(), ("",)), stopped)
    next(pages)
    stopped.set()
    assert list(pages) == []


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (
            {"fileFormat": "ORC", "fileSchema": "struct<bucket:string>"},
            "is a report in ORC; configure the inventory as CSV",
        ),
        ({"fileFormat": "Parquet", "fileSchema": "message s3.inventory {}"}, "is a report in Parquet; configure"),
        (
            {"fileSchema": "Bucket, Key"},
            "is a report without ETag; configure the inventory as CSV with the fields ETag",
        ),
        ({"sourceBucket": "another"}, f"is a report of the bucket another, not of {BUCKET}"),
        ({"files": None}, "is not the manifest of an S3 Inventory report"),
    ],
    ids=["orc", "parquet", "no etag", "another bucket", "no files"],
)
def test_a_report_that_cannot_be_used_says_what_to_do(manifest: dict[str, Any], problem: str) -> None:
    """Before anything is sent."""
    report([row(f"{HOUR}/a.jsonl")], **manifest)
    done = run("--dry-run")
    assert (done.exit_code, problem in done.stderr) == (2, True), done.stderr


def test_a_manifest_that_is_none_or_missing_is_reported() -> None:
    """Its place is checked by name, its content as JSON, and S3's answer names the next step."""
    missing = run("--dry-run")
    assert (missing.exit_code, "NoSuchKey" in missing.stderr, "s3:GetObject" in missing.stderr) == (4, True, True)
    boto3.client("s3").put_object(Bucket=REPORTS, Key=f"{AT}/manifest.json", Body=b"\xff")
    assert (run("--dry-run").exit_code, "is not the manifest" in run("--dry-run").stderr) == (2, True)
    elsewhere = CliRunner().invoke(app, ["backfill", BELOW, "--inventory", "s3://reports/a.csv.gz", "--dry-run"])
    assert (elsewhere.exit_code, "write s3://BUCKET/.../manifest.json" in elsewhere.stderr) == (2, True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda body: body[:-9], "is damaged"),
        (lambda body: b"not gzip" + body, "is damaged"),
        (lambda _: gzip.compress(b"\xff"), "is damaged"),
        (lambda _: gzip.compress(b'"only","three","cells"\n'), "is damaged"),
        (lambda body: gzip.compress(gzip.decompress(body).replace(b'"7"', b'"x"')), "is damaged"),
        (lambda body: body + gzip.compress(b""), "does not have the MD5"),
    ],
    ids=["cut", "no gzip", "no UTF-8", "other columns", "no size", "other bytes"],
)
def test_a_damaged_file_is_reported(change: Any, problem: str) -> None:
    """With its name; another report is needed."""
    report([row(f"{HOUR}/a.jsonl")])
    s3, key = boto3.client("s3"), f"inventory/{BUCKET}/all/data/0.csv.gz"
    s3.put_object(Bucket=REPORTS, Key=key, Body=change(s3.get_object(Bucket=REPORTS, Key=key)["Body"].read()))
    done = run("--dry-run")
    assert (done.exit_code, f"{key} {problem}" in done.stderr, "use another report" in done.stderr) == (2, True, True)


def test_a_file_that_is_missing_is_reported() -> None:
    """With S3's answer."""
    report([row(f"{HOUR}/a.jsonl")])
    boto3.client("s3").delete_object(Bucket=REPORTS, Key=f"inventory/{BUCKET}/all/data/0.csv.gz")
    done = run("--dry-run")
    assert (done.exit_code, "NoSuchKey" in done.stderr) == (4, True)
