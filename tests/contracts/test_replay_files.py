"""The contract of quarantine files: a directory and a bucket obey the same rules."""

import gzip
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import randbytes

import boto3
import pytest

from capture_forwarder.domain.delivery import Unavailable
from capture_forwarder.domain.progress import QuarantineEntry
from capture_forwarder.kinds.quarantine.entries import encode_entry
from capture_ops.replay.content import NotQuarantine, copied, entry_in, temporary_file
from capture_ops.replay.files import Changed, DirectoryFiles, QuarantineFiles, S3Files
from tests.support.replay_world import encode_file, line_entry

Put = Callable[[str, bytes], str]
ENTRIES = [line_entry(b"one"), line_entry(b"two")]


@pytest.fixture(params=["directory", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[QuarantineFiles, Put]:
    """Give the files below one folder, and a function that writes a file and returns its name."""
    if request.param == "directory":

        def write(name: str, body: bytes) -> str:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            return str(path)

        return DirectoryFiles(tmp_path), write
    bucket, client = request.getfixturevalue("bucket"), boto3.client("s3")

    def put(name: str, body: bytes) -> str:
        client.put_object(Bucket=bucket, Key=f"rejected/{name}", Body=body)
        return f"rejected/{name}"

    return S3Files(client, bucket, "rejected/"), put


def test_all_files_below_the_folder_are_listed(files: tuple[QuarantineFiles, Put]) -> None:
    """Files in folders of the folder are listed as well."""
    quarantine, put = files
    names = [put("route=a/2026/x.jsonl.gz", b"1"), put("y.jsonl.gz", b"2")]
    assert sorted(quarantine.names()) == sorted(names)
    listed = {file.name: file for file in quarantine.listed()}
    assert [(listed[name].size_bytes, listed[name].modified.utcoffset()) for name in names] == [(1, timedelta(0))] * 2


def read(quarantine: QuarantineFiles, name: str) -> tuple[str, list[QuarantineEntry]]:
    """Return the etag and the entries of a file."""
    content = quarantine.read(name)
    assert content is not None
    with closing(content):
        return content.etag, [entry_in(number, line) for number, line in content.lines()]


def test_a_file_is_read_line_by_line(files: tuple[QuarantineFiles, Put]) -> None:
    """Blank lines are passed over, and of equal entries the first is read. Its bytes can be read as often as needed."""
    quarantine, put = files
    body = gzip.compress(b"\n" + gzip.decompress(encode_file([ENTRIES[0], ENTRIES[0], ENTRIES[1]])))
    content = quarantine.read(put("a.jsonl.gz", body))
    assert content is not None
    with closing(content):
        content.check()
        assert [entry_in(number, line) for number, line in content.lines()] == [ENTRIES[0], *ENTRIES]
        assert [number for number, _ in content.unique_lines()] == [2, 4]
        assert b"".join(content.chunks()) == b"".join(content.chunks()) == body


def test_a_deleted_file_has_no_content(files: tuple[QuarantineFiles, Put]) -> None:
    """Another replay may have finished it."""
    quarantine, put = files
    assert quarantine.read(put("a.jsonl.gz", b"") + "x") is None


@pytest.mark.parametrize("body", [b"text", encode_file(ENTRIES)[:-1], encode_file(ENTRIES)[:20]])
def test_a_file_that_is_not_whole_gzip_is_not_quarantine(files: tuple[QuarantineFiles, Put], body: bytes) -> None:
    """A file that was cut off is never taken for a whole one."""
    quarantine, put = files
    content = quarantine.read(put("a.jsonl.gz", body))
    assert content is not None
    with pytest.raises(NotQuarantine, match=r"^is not whole gzip$"):
        content.check()


def test_a_file_with_another_line_is_not_quarantine(files: tuple[QuarantineFiles, Put]) -> None:
    """The sentence has the number of the line and none of its text."""
    quarantine, put = files
    body = gzip.compress(b"".join(encode_entry(ENTRIES[0])) + b"\n{}\n")
    content = quarantine.read(put("a.jsonl.gz", body))
    assert content is not None
    with pytest.raises(NotQuarantine, match=r"^line 3 is not an entry that this version knows$"):
        content.check()


def test_a_file_is_replaced_and_then_deleted(files: tuple[QuarantineFiles, Put]) -> None:
    """Each write names the content that it replaces."""
    quarantine, put = files
    name = put("a.jsonl.gz", encode_file(ENTRIES))
    etag, _ = read(quarantine, name)
    quarantine.write(name, etag, BytesIO(encode_file(ENTRIES[1:])))
    etag, entries = read(quarantine, name)
    assert entries == ENTRIES[1:]
    quarantine.delete(name, etag)
    assert quarantine.read(name) is None
    assert list(quarantine.names()) == []


def test_a_file_that_was_changed_since_it_was_read_is_not_written(files: tuple[QuarantineFiles, Put]) -> None:
    """The new content stays."""
    quarantine, put = files
    name = put("a.jsonl.gz", encode_file(ENTRIES))
    etag, _ = read(quarantine, name)
    put("a.jsonl.gz", encode_file(ENTRIES[:1]))
    with pytest.raises(Changed):
        quarantine.write(name, etag, BytesIO(encode_file(ENTRIES[1:])))
    assert read(quarantine, name)[1] == ENTRIES[:1]


def test_a_file_that_was_changed_since_it_was_read_is_not_deleted(tmp_path: Path) -> None:
    """The new content stays. S3 refuses the request; moto does not know the condition."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(encode_file(ENTRIES))
    etag, _ = read(DirectoryFiles(tmp_path), str(path))
    path.write_bytes(encode_file(ENTRIES[:1]))
    with pytest.raises(Changed):
        DirectoryFiles(tmp_path).delete(str(path), etag)
    assert read(DirectoryFiles(tmp_path), str(path))[1] == ENTRIES[:1]


def test_a_file_that_was_deleted_since_it_was_read_is_not_written(files: tuple[QuarantineFiles, Put]) -> None:
    """It does not come back."""
    quarantine, put = files
    name = put("a.jsonl.gz", encode_file(ENTRIES))
    etag, _ = read(quarantine, name)
    quarantine.delete(name, etag)
    with pytest.raises(Changed):
        quarantine.write(name, etag, BytesIO(encode_file(ENTRIES[1:])))
    assert quarantine.read(name) is None


def test_a_large_file_is_copied_to_the_disk(files: tuple[QuarantineFiles, Put]) -> None:
    """It is written and read whole."""
    quarantine, put = files
    entry = line_entry(randbytes(3_000_000))
    name = put("a.jsonl.gz", encode_file(ENTRIES))
    with temporary_file() as body:
        body.write(encode_file([entry]))
        quarantine.write(name, read(quarantine, name)[0], body)
    assert read(quarantine, name)[1] == [entry]


def test_a_copy_that_breaks_off_is_closed() -> None:
    """No file is left open, and the error is the one of the source."""

    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        copied(Broken())


def test_a_folder_does_not_include_folders_whose_names_begin_with_its_name(bucket: str) -> None:
    """The folder `route=churn` does not include `route=churn-v2`, and placeholders of folders are no files."""
    client = boto3.client("s3")
    for key in ("route=churn/", "route=churn/a", "route=churn-v2/b"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    assert list(S3Files(client, bucket, "route=churn").names()) == ["route=churn/a"]
    assert list(S3Files(client, bucket, "route=churn/a").names()) == ["route=churn/a"]
    assert list(S3Files(client, bucket, "").names()) == ["route=churn-v2/b", "route=churn/a"]


def test_a_missing_bucket_is_unavailable(aws: str) -> None:
    """The error names the permissions that replaying needs."""
    del aws
    with pytest.raises(Unavailable, match=r"^s3://none answers NoSuchBucket; reading needs s3:ListBucket on it"):
        list(S3Files(boto3.client("s3"), "none", "").names())
    with pytest.raises(Unavailable, match=r"^s3://none answers NoSuchBucket"):
        S3Files(boto3.client("s3"), "none", "").read("a")


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    """The error has the path and the reason of the operating system."""
    (tmp_path / "a.jsonl.gz").mkdir()
    with pytest.raises(Unavailable, match=r"a\.jsonl\.gz cannot be read: Is a directory$"):
        DirectoryFiles(tmp_path).read(str(tmp_path / "a.jsonl.gz"))


def test_a_file_is_written_beside_and_renamed(tmp_path: Path) -> None:
    """The file holds the old entries or the new ones at any time, and no other file is left."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(encode_file(ENTRIES))
    files = DirectoryFiles(tmp_path)
    files.write(str(path), read(files, str(path))[0], BytesIO(encode_file(ENTRIES[:1])))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == encode_file(ENTRIES[:1])
