r"""Texts that are declared as CSV and are none: printed Python values, and other delimiters.

Every pattern takes time in proportion to the text: hostile text must not make it try one place again and again.
"""

import re
from functools import lru_cache

# A text without any of these, and without blanks, is CSV. In long texts it is quicker to look for one after the other.
_ODD = "\"'[({<;|\t"
_SHORT_CHARS = 256
_find_odd = re.compile(f"[{re.escape(_ODD)}]").search
_CLOSING = {"[": "]", "(": ")", "{": "}", "<": ">"}
_BRACKETS = ("[", "(", "{")
_LINE = re.compile(r"[^\r\n]++")
_LINE_END = re.compile(r"[\r\n]|\Z")
# A bracket, with or without a name before it: `array(`, `np.float64(`.
_START = re.compile(r"(?:[A-Za-z_][\w.]*+)?[\[({]|<", re.ASCII)
_may_be_printed = re.compile(rf"""\s*+(?:{_START.pattern}|b['"])""", re.ASCII).match
_BYTES = re.compile(r"""b(['"]).*\1""", re.DOTALL)

_NUMBER = r"[+-]?(?:(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?|(?i:nan|inf(?:inity)?))"
_DECIMAL_COMMA = r"[+-]?\d++,\d++"
_FIRST, _LAST = r"(?:\A|[\r\n])[ ]*+", r"[ ]*+(?=[\r\n]|\Z)"
_NO_COMMA = r"(?=[^,\r\n]*+(?:[\r\n]|\Z))"
# Characters that may stand between values instead of a comma: their name, and how TOML writes them.
_DELIMITERS = {";": ("semicolons", '";"'), "\t": ("tabs", r'"\t"'), "|": ("vertical bars", '"|"')}
_BLANKS = ("blanks", '" "')
_MAY_HAVE_DECIMAL_COMMAS = (";", "\t")

PRINTED = "the text is a printed Python value and no CSV; the script must write JSON"
BLANK_BEFORE_QUOTE = "a quote after a blank quotes no cell; the client or script must write no blank before it"


def why_not_csv(text: str, delimiter: str | None, side: str) -> str | None:
    """Return a sentence that says why `text` is no CSV, or `None`.

    `delimiter` is the route's option, and `side` begins the names of its options: `input` or `output`.
    """
    is_odd = _find_odd(text) if len(text) < _SHORT_CHARS else any(odd in text for odd in _ODD)
    if is_odd and (why := _why_printed(text, delimiter or ",")):
        return why
    if delimiter or '"' in text or not (other := _other_delimiter(text, is_odd=bool(is_odd))):
        return None
    return (
        f"the values stand between {other[0]}, not between commas; set the route's {side}_csv_delimiter to {other[1]}, "
        'or to "," if the text is meant like this'
    )


def _why_printed(text: str, delimiter: str) -> str | None:
    if _may_be_printed(text) and (_is_printed(text) or _are_printed_lines(text)):
        return PRINTED
    if '"' in text:
        return BLANK_BEFORE_QUOTE if _has_quote_after_blank(text, delimiter) else None
    return PRINTED if _holds_printed_cell(text, delimiter) else None


def _is_printed(text: str) -> bool:
    """Tell whether a text is one pair of brackets, with or without a name before it, or bytes as Python prints them."""
    text = text.strip()
    start = _START.match(text)
    if not start:
        return bool(_BYTES.fullmatch(text))
    opening = text[start.end() - 1]
    closing = _CLOSING[opening]
    return text.endswith(closing) and any(_is_pair(text, opening, each) for each in _brackets(opening, closing))


@lru_cache
def _brackets(opening: str, closing: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of brackets: all of them, and those that are not in quotes."""
    either = f"[{re.escape(opening + closing)}]"
    quoted = r"""'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?"""
    return re.compile(either), re.compile(f"{quoted}|{either}", re.DOTALL)


def _is_pair(text: str, opening: str, brackets: re.Pattern[str]) -> bool:
    """Tell whether the first bracket closes at the end of the text."""
    depth = 0
    for found in brackets.finditer(text):
        if found[0] == opening:
            depth += 1
        elif found[0] == _CLOSING[opening]:
            depth -= 1
            if depth <= 0:
                return found.end() == len(text)
    return False


def _are_printed_lines(text: str) -> bool:
    return all(_is_printed(line[0]) for line in _LINE.finditer(text) if line[0].strip())


def _has_quote_after_blank(text: str, delimiter: str) -> bool:
    """Tell whether a cell begins with a blank and a quote: `1, "a"`. In a quoted cell this is text."""
    may_have, cell = _quotes(delimiter)
    if ' "' not in text and '\t"' not in text:
        return False
    return bool(delimiter != " " and may_have.search(text)) and any(found["blank"] for found in cell.finditer(text))


@lru_cache
def _quotes(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a quote after a blank, and of a cell."""
    between, rest = rf"(?:\A|[{re.escape(delimiter)}\r\n])", rf"[^{re.escape(delimiter)}\r\n]*+"
    quoted = r'"[^"]*+(?:""[^"]*+)*+"'
    return re.compile(rf'{between}[ \t]++"'), re.compile(rf'{between}(?:{quoted}|(?P<blank>[ \t]++"))?{rest}')


def _holds_printed_cell(text: str, delimiter: str) -> bool:
    """Tell whether a cell begins with a bracket that closes in a later cell of its line, or prints several numbers."""
    brackets = [bracket for bracket in _BRACKETS if bracket in text]
    return any(_closes_later(text, bracket, delimiter) for bracket in brackets) or (
        bool(brackets) and bool(_printed_numbers(delimiter).search(text))
    )


@lru_cache
def _printed_numbers(delimiter: str) -> re.Pattern[str]:
    r"""Return the pattern of a cell that begins like `[0.2 0.8]`, as NumPy prints arrays."""
    start = rf"(?:\A|[{re.escape(delimiter)}\r\n])[ ]*+(?:[A-Za-z_][\w.]*+)?[\[(]++"
    return re.compile(rf"{start}[ ]*+{_NUMBER}(?:[ ]++{_NUMBER})++[ ]*+[\])]", re.ASCII)


@lru_cache
def _left_open(bracket: str, delimiter: str) -> re.Pattern[str]:
    """Return the pattern of a cell that begins with a bracket, does not close it, and has a cell behind it."""
    between, closing = re.escape(delimiter), re.escape(_CLOSING[bracket])
    start = rf"(?:\A|[{between}\r\n])[ ]*+(?:[A-Za-z_][\w.]*+)?{re.escape(bracket)}"
    return re.compile(rf"{start}[^{closing}{between}\r\n]*+{between}", re.ASCII)


def _closes_later(text: str, bracket: str, delimiter: str) -> bool:
    pattern, closing = _left_open(bracket, delimiter), _CLOSING[bracket]
    at, closes = 0, -1
    while found := pattern.search(text, at):
        if closes < found.end():
            closes = text.find(closing, found.end())
        at = _line_end(text, found.end())
        if closes < 0 or closes < at:
            return closes >= 0
    return False


def _line_end(text: str, start: int) -> int:
    found = _LINE_END.search(text, start)
    return found.start() if found else len(text)


def _other_delimiter(text: str, *, is_odd: bool) -> tuple[str, str] | None:
    """Return the name of another delimiter, and how TOML writes it.

    In a line without a comma one part must be a number; blanks must have numbers on both sides.
    """
    for delimiter, names in _DELIMITERS.items() if is_odd else ():
        if delimiter in text and any(pattern.search(text) for pattern in _patterns_of(delimiter)):
            return names
    return _BLANKS if " " in text and _are_between_blanks(text) else None


@lru_cache
def _patterns_of(delimiter: str) -> list[re.Pattern[str]]:
    """Return patterns that find lines of values with `delimiter` between them.

    Tabs delimit also where a text holds a comma. Commas may be those of decimal numbers: `5,1;3,5`.
    """
    each, end = re.escape(delimiter), rf"[ ]*+(?=[{re.escape(delimiter)}\r\n]|\Z)"
    only = "" if delimiter == "\t" else _NO_COMMA
    found = [rf"(?:\A|[\r\n]){only}(?:[ ]*+{_NUMBER}[ ]*+{each}|(?:[^{each}\r\n]*+{each})+?[ ]*+{_NUMBER}{end})"]
    if delimiter in _MAY_HAVE_DECIMAL_COMMAS:
        found += [
            rf"(?:\A|[,\r\n])[ ]*+{_NUMBER}[ ]*+(?:{each}[ ]*+{_NUMBER}[ ]*+)++(?=[,\r\n]|\Z)",
            rf"{_FIRST}{_DECIMAL_COMMA}[ ]*+{each}|{each}[ ]*+{_DECIMAL_COMMA}{end}",
        ]
    return [re.compile(pattern, re.ASCII) for pattern in found]


def _are_between_blanks(text: str) -> bool:
    """Tell whether a line is several numbers with blanks between them."""
    line, later_line = _blanks(r"[\r\n]" if "\r" in text else r"\n")
    return bool(line.match(text) or later_line.search(text))


@lru_cache
def _blanks(line_end: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of such a line, and with the end of the line before it, which is found faster."""
    numbers = (rf"{one}(?:[ ]++{one})++" for one in (_NUMBER, _DECIMAL_COMMA))
    line = rf"[ ]*+(?:{'|'.join(numbers)}){_LAST}"
    return re.compile(line, re.ASCII), re.compile(f"{line_end}{line}", re.ASCII)
