"""Headers of CSV: a first line of names is no row."""

import re
from collections.abc import Sequence
from typing import TypeGuard

from capture_forwarder.domain.delivery import Reason, RejectionCode
from capture_forwarder.domain.schema import Side, ValueType
from capture_forwarder.domain.values import is_number

Lines = Sequence[list[str]]
_TEXTS = frozenset({ValueType.STRING, ValueType.UNSTRUCTURED_TEXT, ValueType.IMAGE})
_WORD = re.compile(r"\S+")
# Hugging Face's toolkit demands these headers: https://github.com/aws/sagemaker-huggingface-inference-toolkit
_DEMANDED = (["inputs"], ["question", "context"])


def are_texts(side: Side | None) -> bool:
    """Tell whether a line of names could be a row: there is no schema, or all attributes are texts."""
    return side is None or all(attribute.value_type in _TEXTS for attribute in side.visible)


def are_names(line: list[str], side: Side | None) -> bool:
    """Tell whether a first line is exactly the names of a schema whose attributes are all texts."""
    return side is not None and bool(side.visible) and line == [attribute.name for attribute in side.visible]


def looks_like_names(line: list[str]) -> bool:
    """Tell whether a first line may be names: no cell is a number, none occurs twice, only the first may be empty."""
    if not all(isinstance(cell, str) for cell in line) or any(map(is_number, line)):
        return False
    return len(set(line)) == len(line) and all(cell.strip() for cell in line[1:])


def why_header(request: Lines | None, answer: Lines | None, *, answer_is_fixed: bool) -> Reason | None:
    """Return the rejection of a call whose CSV may begin with names, or `None`.

    A side is `None` if it is no CSV, if its header is known, or if its types refuse a header as a row.
    """
    asked = request if _may_be_names(request) else None
    answered = answer if _may_be_names(answer) else None
    options = [name for name, found in (("input_csv_header", asked), ("output_csv_header", answered)) if found]
    is_demanded = request is not None and len(request) > 0 and request[0] in _DEMANDED
    if is_demanded or (asked and answered and _are_words(asked) and _are_words(answered)):
        return _reason(options if not is_demanded else ["input_csv_header", "output_csv_header"])
    if answered and _has_number_column(answered):
        return _reason(["output_csv_header"])
    if asked and _has_number_column(asked) and not (answer_is_fixed and not answered):
        return _reason(["input_csv_header"])
    return None


def _may_be_names(lines: Lines | None) -> TypeGuard[Lines]:
    return lines is not None and len(lines) > 1 and looks_like_names(lines[0])


def _are_words(lines: Lines) -> bool:
    """Tell whether the cells of the first line are one word each and do not occur below."""
    names = set(lines[0])
    if not all(_WORD.fullmatch(name.strip()) for name in names if name.strip()):
        return False
    return not any(names.intersection(map(str, lines[place])) for place in range(1, len(lines)))


def _has_number_column(lines: Lines) -> bool:
    """Tell whether all lines below the first have a number in the same column."""
    columns = set(range(len(lines[0])))
    for place in range(1, len(lines)):
        line = lines[place]
        if line == [""]:  # a blank line that may be an empty cell
            continue
        columns = {at for at in columns if at < len(line) and is_number(str(line[at]))}
        if not columns:
            return False
    return True


def _reason(options: list[str]) -> Reason:
    return Reason(
        RejectionCode.BAD_CSV,
        f"the CSV may begin with a line of names; set {' and '.join(options)} to true if it does, to false if not",
    )
