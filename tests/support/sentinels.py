"""Words in the captured data and the secrets of all tests, which must never be in a log."""

import logging

PAYLOAD = "payload-sentinel-5b1e"
TOKEN = "token-sentinel-c09a"


class Sentry(logging.Handler):
    """Keeps the name of every log record with one of these words in any of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Search the formatted record, and the fields that structured loggers add."""
        shown = f"{record.getMessage()} {vars(record)!r} {logging.Formatter().format(record)}"
        if has_sentinel(shown):
            self.found.append(f"{record.name}: {record.msg}")


def has_sentinel(text: str) -> bool:
    """Tell whether `text` contains captured data or a secret."""
    return PAYLOAD in text or TOKEN in text
