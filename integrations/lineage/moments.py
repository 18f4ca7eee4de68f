"""Times as people write them: `30d` before now, a date, or a date and a time."""

import re
from datetime import UTC, datetime, timedelta

from integrations.lineage.errors import Invalid

_BEFORE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII).fullmatch
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment(text: str, now: datetime) -> datetime:
    """Return the time that `text` means. A time without a zone is in UTC.

    `45m`, `12h`, `30d` and `4w` are so many minutes, hours, days and weeks before `now`.

    Raises `Invalid` for any other text.
    """
    try:
        if found := _BEFORE(text):
            return now - int(found[1]) * _UNITS[found[2]]
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Invalid(f"{text} is no time; write 30d, 12h, 2026-01-31 or 2026-01-31T22:15:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
