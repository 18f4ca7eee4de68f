"""Section 3 of the rule: the two sides together, headers, and section 8, one side alone.

The reference reads one call slowly and plainly, from the text of the rule alone.
"""

from collections.abc import Iterator
from typing import Any

from tests.reference.headers import check_headers
from tests.reference.kinds import has_text, is_closed, is_error, is_traceback, ordered
from tests.reference.model import Body, Named, Options, Refused, Rejected, Row, Side, View, Where
from tests.reference.naming import table_rows, whole
from tests.reference.objects import object_view, try_table
from tests.reference.text import is_picture_or_sound, read_body
from tests.reference.views import view_of

PARAMETERS = {"parameters", "params", "options", "configuration"}


def read(request: Side | None, answer: Side | None, options: Options | None = None) -> list[Row] | Rejected:
    """Return the rows of a call, each named inputs and outputs or the code of its rejection; or why it is rejected."""
    options = options or Options()
    try:
        return read_call(request, answer, options)
    except Rejected as no:
        return no


def read_call(request: Side | None, answer: Side | None, options: Options) -> list[Row]:
    asker, answerer = (Where(False, options.request, options.trim), Where(True, options.answer, options.trim))
    asked, answered = (body_of(request, asker, options), body_of(answer, answerer, options))
    if asked and answered and is_error_answer(answered, asked):
        if not options.forward:
            raise Rejected("error_body")
        answered = None
    if asked and answered:
        rows, asked_as, answered_as = pair(asked, answered, asker, answerer)
        check_headers(asked, answered, view_of(answered, answerer))
        check_headers(asked_as, answered_as, view_of(answered_as, answerer))
        return rows
    if asked:
        return [row if isinstance(row, Refused) else (row, {}) for row in alone(asked, asker)]
    if not answered:
        raise Rejected("one_sided")
    if is_error(answered.content):
        raise Rejected("error_body")
    pictured = bool(request and is_picture_or_sound(request, options.request))
    return [row if isinstance(row, Refused) else ({}, row) for row in alone(answered, answerer, pictured=pictured)]


def body_of(side: Side | None, where: Where, options: Options) -> Body | None:
    """Return the body of one side, or `None` if the side is missing and the other one is forwarded alone."""
    if side is None:
        if not options.forward:
            raise Rejected("one_sided")
        return None
    try:
        return read_body(side, where.options)
    except Rejected as no:
        if no.code == "binary_payload" and options.forward:
            return None
        raise


def is_error_answer(answered: Body, asked: Body) -> bool:
    """Tell whether the whole answer is an error body, or a sentence instead of a prediction."""
    if answered.kind == "json" and is_error(answered.content):
        return True
    if answered.kind == "lines" or not isinstance(answered.content, str):
        return False
    sentence = len(answered.content.split()) > 1
    return is_traceback(answered.content) or (sentence and (asked.kind == "csv" or not has_text(asked.content)))


def alone(body: Body, where: Where, *, pictured: bool = False) -> list[Named | Refused]:
    """Return the rows of one side without the other: fixed rows are rows, everything else is one row."""
    view = view_of(body, where)
    if view.kind == "fixed" and view.n > 1 and pictured:
        raise Rejected("row_count_mismatch", "several rows beside one picture")
    if view.kind == "fixed":
        return rows_of(view, view.n, where)
    return [whole(view, where, unwrap=False)]


def pair(asked: Body, answered: Body, asker: Where, answerer: Where) -> tuple[list[Row], Body, Body]:
    """Return the rows of both sides and the bodies that fit; inner blank lines of one column are tried where the counts differ."""
    first: Rejected | None = None
    for one, other in with_blanks(asked, answered):
        try:
            return pair_views(view_of(one, asker), view_of(other, answerer), asker, answerer), one, other
        except Rejected as no:
            first = first or no
            if no.code != "row_count_mismatch":
                break
    assert first
    raise first


def with_blanks(asked: Body, answered: Body) -> Iterator[tuple[Body, Body]]:
    yield asked, answered
    request, answer = (
        Body("csv", body.with_blank, header=body.header, names=body.names) if body.with_blank else None
        for body in (asked, answered)
    )
    if request:
        yield request, answered
    if answer:
        yield asked, answer
    if request and answer:
        yield request, answer


def pair_views(request: View, answer: View, asker: Where, answerer: Where) -> list[Row]:
    answer = columns_of_unequal_lists(request, answer, answerer)
    if request.kind == "call" and says_rows(answer) and answer.n > 1 and answer.n in request.lengths:
        raise Rejected("unknown_layout", "the other lists of the request cannot be placed")
    refuse_other_plausible(request, answer)
    n, request_rows, answer_rows = decide(request, answer)
    inputs = side_rows(request, answer, n, asker, rows=request_rows)
    outputs = side_rows(answer, request, n, answerer, rows=answer_rows)
    if n > 1:
        refuse_other_order(inputs, outputs)
    return [
        given if isinstance(given, Refused) else found if isinstance(found, Refused) else (given, found)
        for given, found in zip(inputs, outputs, strict=True)
    ]


def says_rows(view: View) -> bool:
    return view.kind in ("fixed", "rows")


def columns_of_unequal_lists(request: View, answer: View, where: Where) -> View:
    """Return an answer whose lists differ in length as columns, if the request says as many rows as one list has."""
    if answer.kind == "call" and says_rows(request) and request.n > 1 and request.n in answer.lengths:
        return View("rows", request.n, answer.whole, try_table(answer.whole, request.n, [], where))
    return answer


def refuse_other_plausible(request: View, answer: View) -> None:
    """Reject a call that could be read in another way, too (`ambiguous_rows`)."""
    as_many = 1 < request.n == answer.n
    plain = answer.bare in ("numbers", "texts", "cells") and answer.kind in ("open", "rows")
    if as_many and request.bare == "numbers" and answer.kind == "rows" and answer.bare in ("lists", "objects"):
        raise Rejected("ambiguous_rows", "features of one row, or a row each")
    if as_many and request.kind == "rows" and request.by_lists and request.beside and plain:
        raise Rejected("ambiguous_rows", "a record that holds lists, or rows with a value of the call")
    if as_many and request.kind == "open" and request.beside and answer.kind == "rows":
        raise Rejected("ambiguous_rows", "a record that holds a list, or rows")
    for view, other in ((request, answer), (answer, request)):
        counted = other.n > 1 and (says_rows(other) or other.kind == "open" or other.bare == "numbers")
        call = view.kind in ("call", "open") and not view.closed
        if call and counted and other.n in deeper_tables(view.whole, answer=view is answer):
            raise Rejected("ambiguous_rows", "a table deeper inside")


def deeper_tables(document: Any, *, answer: bool) -> set[int]:
    """Return the rows of tables inside objects of a document that is one call; parameters are left aside."""
    if not isinstance(document, dict) or ordered(document) is not None:
        return set()
    found = set[int]()
    for key, value in document.items():
        if not isinstance(value, dict) or key in PARAMETERS or is_closed(value, answer=answer):
            continue
        try:
            view = object_view(value, Where(answer))
        except Rejected:
            continue
        found |= {view.n} if says_rows(view) else deeper_tables(value, answer=answer)
    return found


def decide(request: View, answer: View) -> tuple[int, bool, bool]:
    """Return how many inferences there are, and whether each side is read as rows: the table of section 3."""
    if says_rows(request) and says_rows(answer):
        if request.n != answer.n or not request.n:
            raise mismatch(request, answer)
        return request.n, True, True
    if says_rows(request):
        n, cut = beside_rows(request, answer, mismatch(request, answer))
        return n, request.n == 1 or is_table(request, answer), cut
    if says_rows(answer):
        n, cut = beside_rows(answer, request, mismatch(request, answer))
        return n, cut, is_table(answer, request) or (n == 1 == answer.n and answer.is_matrix)
    if request.kind == answer.kind == "open" and 1 < request.n == answer.n and not request.beside:
        raise Rejected("ambiguous_rows", "values of one row, or one value a row")
    if answer.never:
        raise mismatch(request, answer)
    return 1, False, False


def mismatch(request: View, answer: View) -> Rejected:
    return Rejected("row_count_mismatch", f"{request.kind} {request.n} to {answer.kind} {answer.n}")


def is_table(rows: View, other: View) -> bool:
    """Tell whether rows are read as rows beside one call or an open side."""
    return other.kind == "open" or (rows.kind == "fixed" and rows.n == 1)


def beside_rows(rows: View, other: View, mismatched: Rejected) -> tuple[int, bool]:
    """Return how many inferences rows are beside one call or an open side, and whether that side is cut.

    Lines and outer keys never fold; only JSON Lines that answer one call do.
    """
    if other.never or (other.arrays and rows.n != 1):
        raise mismatched
    if rows.n == 1 or (other.kind == "call" and (rows.kind == "rows" or rows.answers_call)):
        return 1, False
    if other.kind == "open" and rows.n == other.n and rows.n and other.cuttable:
        return rows.n, True
    raise mismatched


def side_rows(view: View, other: View, n: int, where: Where, *, rows: bool) -> list[Named | Refused]:
    unwrap = says_rows(other) or other.lines
    # A batch of one has the names of a batch of many.
    if rows or (unwrap and view.kind == "rows" and view.n == 1):
        return rows_of(view, n, where)
    return [whole(view, where, unwrap=unwrap)]


def rows_of(view: View, n: int, where: Where) -> list[Named | Refused]:
    if isinstance(view.table, Rejected):
        raise view.table
    return table_rows(view.table, n, where)


def refuse_other_order(inputs: list[Named | Refused], outputs: list[Named | Refused]) -> None:
    """Reject answers that come in another order than the rows of the request."""
    given, found = ([row for row in rows if isinstance(row, dict)] for rows in (inputs, outputs))
    if len(found) < len(outputs):
        return
    places = [row.get("index") for row in found]
    if all(type(place) is int for place in places) and places != list(range(len(places))):
        raise Rejected("ambiguous_rows", "index")
    for name in {name for row in given for name in row}:
        if all(name in row for row in given + found):
            before, after = [repr(row[name]) for row in given], [repr(row[name]) for row in found]
            if before != after and sorted(before) == sorted(after) and len(set(before)) == len(before):
                raise Rejected("ambiguous_rows", name)
