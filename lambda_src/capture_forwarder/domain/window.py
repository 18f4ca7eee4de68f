"""Which captures a backfill means: those of a span of whole hours.

SageMaker files captures by the hour, in UTC: `endpoint/variant/yyyy/mm/dd/hh/mm-ss-mmm-uuid.jsonl`.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

_FILED = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$", re.ASCII)
_HOUR = timedelta(hours=1)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Window(Struct, frozen=True, kw_only=True):
    """From `since` until before `until`, whole hours, of keys that end with one of `suffixes`; each may be left open.

    Raises `ValueError` for what cuts an hour, has no time zone, or ends before it begins.
    """

    since: datetime | None = None
    until: datetime | None = None
    suffixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no key can be told by."""
        for moment in (self.since, self.until):
            if moment and (moment.tzinfo is None or (moment - _BEGINNING) % _HOUR):
                raise ValueError(f"{moment.isoformat()} is no whole hour in UTC, and captures are filed by the hour")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"{self.since.isoformat()} is not before {self.until.isoformat()}: no capture is meant")

    def holds(self, key: str, modified: datetime | None) -> bool:
        """Tell whether the object at `key` is meant, by the hour in its key, else by when it was last written.

        A capture that tells neither is meant: forwarding it once more changes nothing, leaving it out would.
        """
        if self.suffixes and not key.endswith(self.suffixes):
            return False
        moment = captured_hour(key) or modified
        if moment is None:
            return True
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


def captured_hour(key: str) -> datetime | None:
    """Return the hour under which SageMaker filed `key`, or `None` if its name tells none."""
    found = _FILED.search(key)
    if found is None:
        return None
    year, month, day, hour = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None
