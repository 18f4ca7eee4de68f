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


def _escaped(letter: str) -> str:
    return ascii(letter)[1:-1]
