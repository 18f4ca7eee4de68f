"""The quarantine files that a person names: a folder of a bucket, a folder of this machine, or one file."""

from pathlib import Path

from capture_forwarder.bootstrap import s3_client
from capture_ops.cloud.s3_uri import S3Uri
from capture_ops.replay.files import DirectoryFiles, QuarantineFiles, S3Files
from capture_ops.terminal.errors import CommandError


def files_at(target: str) -> QuarantineFiles:
    """Return the files at `target`, `s3://bucket/prefix` or a path. Raises `CommandError` if it names neither."""
    if target.startswith("s3://"):
        if uri := S3Uri.parse(target):
            return S3Files(s3_client(), uri.bucket, uri.key)
        raise CommandError(f"{target} names no bucket; write s3://bucket/rejected/")
    if Path(target).exists():
        return DirectoryFiles(Path(target))
    raise CommandError(f"{target} does not exist; write a directory of quarantine files, or s3://bucket/rejected/")
