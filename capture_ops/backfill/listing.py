"""Capture objects as S3 lists them, a page at a time, with what the window leaves out counted."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from capture_forwarder.aws.errors import code_of
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.selection import Selection

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class Listed(Struct, frozen=True):
    """One object, and when it was last written."""

    source: CaptureObject
    modified: datetime


class Page(Struct, frozen=True):
    """Objects that are meant, and how many beside them are not."""

    meant: list[Listed]
    outside: int


def pages(client: "S3Client", selection: Selection) -> Iterator[Page]:
    """Yield what lies below the prefix. Raises `Unavailable`."""
    paginator = client.get_paginator("list_objects_v2")
    try:
        for page in paginator.paginate(Bucket=selection.bucket, Prefix=selection.prefix):
            listed = [
                Listed(
                    # The quotes belong to the header; events name the same state without them.
                    CaptureObject(selection.bucket, one["Key"], etag=one["ETag"].strip('"'), size=one["Size"]),
                    one["LastModified"],
                )
                for one in page.get("Contents", [])
            ]
            meant = [one for one in listed if selection.window.holds(one.source.key, one.modified)]
            yield Page(meant, len(listed) - len(meant))
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            f"{selection.uri}: S3 answers {code_of(error)}; check the bucket's name, and that you are allowed "
            "s3:ListBucket on it"
        ) from error
