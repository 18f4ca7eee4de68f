"""The rule about headers of CSV (section 3)."""

from tests.reference.csv_text import cell_value, is_number
from tests.reference.model import Body, Rejected, View


def check_headers(asked: Body, answered: Body, answer: View) -> None:
    """Reject a call that would be paired, if a first line of CSV looks like names and no option says that it is data."""
    request, response = first_lines(asked), first_lines(answered)
    if request and request[0] in (["inputs"], ["question", "context"]):
        raise Rejected("bad_csv", "names as Hugging Face writes them")
    if response and looks_like_names(response[0], answer=True) and numbers_below(response):
        raise Rejected("bad_csv", "names in the answer")
    begins_with_names = bool(response and looks_like_names(response[0], answer=True))
    names_above_numbers = bool(request) and looks_like_names(request[0]) and numbers_below(request)
    if names_above_numbers and (answer.kind != "fixed" or begins_with_names):
        raise Rejected("bad_csv", "names in the request")
    if request and response and words_once(request) and words_once(response):
        raise Rejected("bad_csv", "names on both sides")


def first_lines(body: Body) -> list[list[str]]:
    """Return the lines of CSV without a declared header."""
    return body.content if body.kind == "csv" and body.header is None else []


def looks_like_names(line: list[str], *, answer: bool = False) -> bool:
    no_name = any(is_number(cell) or isinstance(cell_value(cell, answer=answer, trim=False), list) for cell in line)
    return not no_name and len(set(line)) == len(line) and all(cell.strip() for cell in line[1:])


def numbers_below(lines: list[list[str]]) -> bool:
    """Tell whether all lines but the first have a number in the same column."""
    below = lines[1:]
    width = min(map(len, lines))
    return bool(below) and any(all(is_number(line[at]) for line in below) for at in range(width))


def words_once(lines: list[list[str]]) -> bool:
    """Tell whether a first line holds names of one word that do not occur again below."""
    below = {cell for line in lines[1:] for cell in line}
    words = all(len(cell.split()) <= 1 for cell in lines[0])
    return len(lines) > 1 and looks_like_names(lines[0]) and words and not below & set(lines[0])
