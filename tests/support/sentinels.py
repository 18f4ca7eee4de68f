"""Words that stand in captured data and secrets all over the suite, and must never stand in a log."""

import logging

PAYLOAD = "payload-sentinel-5b1e"
TOKEN = "token-sentinel-c09a"


class Sentry(logging.Handler):
    """Remembers every record of any logger that shows one of them, in whatever part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a record as a formatter would show it, and at what structured loggers add to it."""
        shown = f"{record.getMessage()} {vars(record)!r} {logging.Formatter().format(record)}"
        if has_sentinel(shown):
            self.found.append(f"{record.name}: {record.msg}")


def has_sentinel(text: str) -> bool:
    """Tell whether `text` shows captured data or a secret."""
    return PAYLOAD in text or TOKEN in text
