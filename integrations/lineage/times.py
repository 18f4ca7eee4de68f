"""Moments as users write them."""

from datetime import datetime, tzinfo

from integrations.lineage.errors import Invalid


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
