"""Names and URIs as any output may show them. They come from outside: each is escaped, and none is interpreted."""

import re

_PLAIN = re.compile(r"[ -\[\]-~]*").fullmatch


def visible(text: str) -> str:
    r"""Return `text` on one line, with escapes in place of backslashes and control characters.

    The escapes are those of Python: `\\`, `\n`, `\x1b`, `\u202e`. So two different texts never look the same.
    """
    if _PLAIN(text):
        return text
    return "".join(letter if letter.isprintable() and letter != "\\" else _escaped(letter) for letter in text)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 data set`, `2 data sets`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def _escaped(letter: str) -> str:
    return ascii(letter)[1:-1]
