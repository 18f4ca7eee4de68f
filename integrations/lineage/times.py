"""Times as people write them: `2026-01-31`, or `30d` before now."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from integrations.lineage.errors import Invalid

_BEFORE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII).fullmatch
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def moment(text: str | datetime, zone: tzinfo | None) -> datetime:
    """Return an ISO 8601 date or time with a zone; without one it is in `zone`, or the local zone if that is None.

    Raises:
        Invalid: The text is no date or time.
    """
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else text
    except ValueError as error:
        raise Invalid(f"{text!a} is no time; write 2026-01-31 or 2026-01-31T22:00:00Z") from error
    if time.tzinfo is not None:
        return time
    return time.astimezone() if zone is None else time.replace(tzinfo=zone)


def before(text: str, now: datetime) -> datetime:
    """Return the time that `text` means: `45m`, `12h`, `30d` or `4w` before `now`, or a date or time, in UTC.

    Raises `Invalid` for any other text.
    """
    try:
        found = _BEFORE(text)
        return now - int(found[1]) * _UNITS[found[2]] if found else moment(text, UTC)
    except (Invalid, OverflowError):
        raise Invalid(f"{text!a} is no time; write 30d, 12h, 2026-01-31 or 2026-01-31T22:00:00Z") from None
