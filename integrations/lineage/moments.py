"""Times before now, as people write them: `30d`."""

import re
from datetime import UTC, datetime, timedelta

from integrations.lineage.errors import Invalid
from integrations.lineage.times import moment

_BEFORE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII).fullmatch
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def before(text: str, now: datetime) -> datetime:
    """Return the time that `text` means: `45m`, `12h`, `30d` or `4w` before `now`, or a date or time, in UTC.

    Raises `Invalid` for any other text.
    """
    try:
        found = _BEFORE(text)
        return now - int(found[1]) * _UNITS[found[2]] if found else moment(text, UTC)
    except (Invalid, OverflowError):
        raise Invalid(f"{text!a} is no time; write 30d, 12h, 2026-01-31 or 2026-01-31T22:00:00Z") from None
