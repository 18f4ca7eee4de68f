"""The rejections that are in quarantine, read from its files."""

import gzip
import json
from typing import Any

import boto3
from msgspec import Struct


class Entry(Struct, frozen=True):
    """One rejection in quarantine: of a row, of a line (`index` is `None`), or of an object (`line` is 0)."""

    key: str
    line: int
    index: int | None
    code: str


def entries(bucket: str = "quarantine") -> list[Entry]:
    """Return every rejection that is in quarantine, from documents of one row and of one line with several rows."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    documents = [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
    return [entry for document in documents for entry in _entries(document)]


def _entries(document: dict[str, Any]) -> list[Entry]:
    key, line = document["key"], document["line"]
    if "rejections" not in document:
        return [Entry(key, line, document["row_index"], document["code"])]
    return [
        Entry(key, line, index, rejection["code"])
        for rejection in document["rejections"]
        for index in rejection.get("rows") or [None]
    ]
