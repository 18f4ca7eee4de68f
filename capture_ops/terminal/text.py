"""Text from outside, as a terminal may show it: control characters are escaped, and markup is not interpreted."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def printable(text: str) -> str:
    """Return `text` with escapes in place of control characters, because a terminal would execute these."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def print_line(console: "Console", text: str, style: str | None = None) -> None:
    """Print `text` as one line, however wide the terminal is: a terminal wraps it, and a pipe keeps it whole."""
    console.print(printable(text), style=style, soft_wrap=True, markup=False, highlight=False)
