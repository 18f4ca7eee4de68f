"""The hours that a backfill covers, in object keys and in folders.

SageMaker files captures by the hour, in UTC: `endpoint/variant/yyyy/mm/dd/hh/mm-ss-mmm-uuid.jsonl`.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

_CAPTURE = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$", re.ASCII)
_FOLDER = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(?:(\d{2})/(?:(\d{2})/)?)?$", re.ASCII)
_HOUR = timedelta(hours=1)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Window(Struct, frozen=True, kw_only=True):
    """Whole hours from `since` until before `until`, of keys that end with one of `suffixes`; each may be left open.

    Raises `ValueError` for a moment within an hour or without a time zone, and for an end before the beginning.
    """

    since: datetime | None = None
    until: datetime | None = None
    suffixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hours that cannot be compared with keys."""
        for moment in (self.since, self.until):
            if moment and (moment.tzinfo is None or (moment - _BEGINNING) % _HOUR):
                raise ValueError(f"{moment.isoformat()} is no whole hour in UTC, and captures are filed by the hour")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"{self.since.isoformat()} is not before {self.until.isoformat()}: it selects no capture")

    def holds(self, key: str, modified: datetime | None) -> bool:
        """Return whether the object at `key` is selected, by the hour in its key, else by its last write.

        An object without either is selected: forwarding it again is harmless, leaving it out would lose it.
        """
        if self.suffixes and not key.endswith(self.suffixes):
            return False
        moment = captured_hour(key) or modified
        if moment is None:
            return True
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)

    def may_hold(self, folder: str) -> bool:
        """Return whether selected objects may lie below `folder`, by its month, day or hour.

        A folder that is named after a year alone is not judged: an endpoint may be called 2020.
        """
        found = _FOLDER.search(folder)
        if found is None:
            return True
        try:
            first, after = _span(*(int(part) for part in found.groups() if part))
        except (ValueError, OverflowError):
            return True
        return (self.since is None or self.since < after) and (self.until is None or first < self.until)


def captured_hour(key: str) -> datetime | None:
    """Return the hour under which SageMaker filed `key`, or `None` if the key names none."""
    found = _CAPTURE.search(key)
    if found is None:
        return None
    year, month, day, hour = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None


def is_hour(folder: str) -> bool:
    """Return whether `folder` is one that SageMaker makes for the captures of an hour."""
    found = _FOLDER.search(folder)
    return found is not None and None not in found.groups()


def _span(year: int, month: int, day: int | None = None, hour: int | None = None) -> tuple[datetime, datetime]:
    first = datetime(year, month, day or 1, hour or 0, tzinfo=UTC)
    if hour is not None:
        return first, first + _HOUR
    if day is not None:
        return first, first + timedelta(days=1)
    return first, (first + timedelta(days=31)).replace(day=1)
