"""The console of a command, as wide as the terminal in front of the user."""

import os

from rich.console import Console

_UNATTENDED_WIDTH = 160  # enough for all tables


def console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr.

    Its width is that of COLUMNS, or of a terminal that is stdin, stdout or stderr: a pager shows piped output there.
    Without both, in a scheduled job, it is wide enough for the tables.
    """
    return Console(stderr=stderr, width=_columns() or _terminal_width() or _UNATTENDED_WIDTH)


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _terminal_width() -> int:
    """Return the width of the terminal, or 0: some terminals do not know theirs, and some processes have none."""
    for descriptor in range(3):
        try:
            if width := os.get_terminal_size(descriptor).columns:
                return width
        except OSError:
            continue
    return 0
