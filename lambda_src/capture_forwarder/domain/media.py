"""Media types of payloads that hold rows."""

from enum import StrEnum


class Media(StrEnum):
    """The families of text that hold rows."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonlines"


_MEDIA = {
    "text/csv": Media.CSV,
    "application/csv": Media.CSV,
    "application/json": Media.JSON,
    "text/json": Media.JSON,
    "application/jsonlines": Media.JSON_LINES,
    "application/x-jsonlines": Media.JSON_LINES,
    "application/jsonl": Media.JSON_LINES,
    "application/x-ndjson": Media.JSON_LINES,
    "application/ndjson": Media.JSON_LINES,
}


def media_of(content_type: str) -> Media | None:
    """Return the family of `content_type`, or `None` if it holds no rows; case and parameters do not matter."""
    essence = content_type.partition(";")[0].strip().lower()
    return Media.JSON if essence.endswith("+json") else _MEDIA.get(essence)
