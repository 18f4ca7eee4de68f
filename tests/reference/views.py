"""Section 2 of the rule: how many rows a payload says, in CSV, JSON Lines and documents."""

from typing import Any

from tests.reference.csv_text import cell_value, is_number
from tests.reference.kinds import are_arrays, has_lists, kind_of
from tests.reference.model import Body, Column, Rejected, Side, SideOptions, Table, View, Where
from tests.reference.objects import lists_view, object_view
from tests.reference.tables import OUTER, Document, left_out, object_table, without
from tests.reference.tensors import kserve_view, tensors_of
from tests.reference.text import read_body


def view_of(body: Body, where: Where) -> View:
    """Return the statement of a payload."""
    if body.kind == "csv":
        return csv_view(body, where)
    if body.kind == "lines" and body.one_call:
        return View("call", 1, body.content, lines=True)
    if body.kind == "lines":
        return lines_view(body.content, where)
    if body.kind == "text" or body.one_call or where.options.layout == "whole":
        return View("call", 1, whole_of_tensors(body.content, where))
    return document_view(body.content, where)


def whole_of_tensors(document: Any, where: Where) -> Any:
    """Return tensors as an object of their names and values, and any other document as it is."""
    key = tensors_of(document, where) if isinstance(document, dict) else ""
    if not key:
        return document
    whole = kserve_view(document, key, where).whole
    names = {tensor["name"] for tensor in document[key]}
    return {name: squeezed(value) if name in names else value for name, value in whole.items()}


def squeezed(value: Any) -> Any:
    """Return the values of a tensor. A list of one becomes that value."""
    if not isinstance(value, list):
        return value
    found = [squeezed(one) for one in value]
    return found[0] if len(found) == 1 else found


def csv_view(body: Body, where: Where) -> View:
    """Return the statement of CSV: two or more lines are rows, one line is one call in a request and open in an answer."""
    rows: list[Any] = [
        [cell_value(cell, answer=where.answer, trim=where.trim) for cell in line] for line in body.content
    ]
    cells = rows[0] if rows else []
    if body.names:
        if where.answer and any(isinstance(cell_value(name, answer=True, trim=False), list) for name in body.names):
            raise Rejected("bad_csv", "a list of numbers is no name")
        rows = with_names(body.names, rows)
    if where.options.layout == "whole":
        return View("call", 1, rows[0] if len(rows) == 1 else rows, lines=True)
    if where.options.layout == "arrays":
        return arrays_view(rows)
    if len(rows) > 1:
        shown = [
            [kind_shown(cell, value) for cell, value in zip(line, row, strict=True)]
            for line, row in zip(body.content, rows, strict=True)
            if isinstance(row, list)
        ]
        if where.answer and shown and are_arrays(shown):
            return View("call", 1, rows, lines=True, arrays=True, never=True)
        return View("fixed", len(rows), rows, Table([Column("", rows)]), lines=True)
    if not where.answer:
        return View("call", 1, rows[0], lines=True)
    found = {isinstance(cell, list) or is_number(cell) for cell in body.content[0] if cell.strip()}
    cuttable = len(found) < 2 and not any(isinstance(cell, list) for cell in cells) and not body.names
    return View("open", len(cells), rows[0], Table([Column("", cells)]), bare="cells", cuttable=cuttable, lines=True)


def kind_shown(cell: str, value: Any) -> Any:
    """Return the number that a cell shows, or its value."""
    if isinstance(value, str) and is_number(cell):
        return float(cell)
    return value


def with_names(names: list[str], rows: list[list[Any]]) -> list[dict[str, Any]]:
    if any(len(row) != len(names) for row in rows):
        raise Rejected("value_count_mismatch", "a line with more or fewer cells than names")
    if len(set(names)) < len(names) or not rows:
        raise Rejected("bad_csv", "a name twice, or no line below the names")
    return [dict(zip(names, row, strict=True)) for row in rows]


def lines_view(documents: list[Any], where: Where) -> View:
    """Return the statement of JSON Lines: one row a line, but streams of tokens are one call.

    One line alone is a document where the route names its layout or the path of its rows.
    """
    if where.options.rows or where.options.layout in ("list", "columns", "kserve"):
        if len(documents) > 1:
            raise Rejected("unknown_layout", "lines are the rows")
        return document_view(documents[0], where)
    if where.options.layout == "whole":
        return View("call", 1, documents, lines=True)
    if where.options.layout == "arrays":
        return arrays_view(documents)
    if where.answer and all(isinstance(one, dict) and "token" in one for one in documents):
        return View("call", 1, documents, closed=True, lines=True)
    view = rows_view(documents, where)
    view.answers_call = where.answer
    if view.kind == "fixed":
        view.table = Table([Column("", list(map(without_schema, documents)))])
    return view


def rows_view(rows: list[Any], where: Where) -> View:
    """Return lines as fixed rows, but in an answer lines that are arrays side by side as one call."""
    if where.answer and are_arrays(rows):
        return View("call", 1, rows, lines=True, arrays=True)
    return View("fixed", len(rows), rows, Table([Column("", rows)]), lines=True)


def without_schema(line: Any) -> Any:
    match line:
        case {"schema": dict(schema), "data": list(rows)}:
            keys = schema.get("primaryKey")
            data = [without(keys, row) for row in rows] if isinstance(keys, list) else rows
            return {name: value for name, value in line.items() if name != "schema"} | {"data": data}
        case _:
            return line


def arrays_view(elements: Any) -> View:
    """Return the view of a list whose elements are columns."""
    if not isinstance(elements, list) or not elements:
        raise Rejected("unknown_layout", "no list of lists")
    found = [pair for one in elements for pair in (one.items() if isinstance(one, dict) else [("", one)])]
    names = [name for name, _ in found if name]
    if not all(isinstance(array, list) for _, array in found) or len({len(array) for _, array in found}) != 1:
        raise Rejected("unknown_layout", "no arrays, or arrays of different lengths")
    if len(set(names)) < len(names):
        raise Rejected("unknown_layout", "two arrays with one name")
    rows = [list(row) for row in zip(*(array for _, array in found), strict=True)]
    if not names:
        return View("fixed", len(rows), elements, Table([Column("", rows)]))
    if len(names) < len(found) and not all(isinstance(one, dict) for one in elements):
        raise Rejected("unknown_layout", "arrays with and without names")
    return View("fixed", len(rows), elements, Table([Column(name, array) for name, array in found]))


def document_view(document: Any, where: Where) -> View:
    """Return the statement of one JSON document."""
    if where.options.rows:
        return path_view(document, where)
    if where.options.layout == "arrays":
        return arrays_view(
            next((document[key] for key in OUTER if key in document), None) if isinstance(document, dict) else document
        )
    refuse_other_layout(document, where)
    if where.options.layout == "columns":
        return lists_view(document, where)
    if isinstance(document, list):
        return list_view(document, where)
    if isinstance(document, dict):
        return (clarify_view(document) if where.answer else None) or object_view(document, where)
    return View("call", 1, document)


def refuse_other_layout(document: Any, where: Where) -> None:
    """Reject a document of another layout than the one that the route names."""
    named = document if isinstance(document, dict) else {}
    lists = [one for key, one in named.items() if isinstance(one, list) and one and key not in left_out(named)]
    fits = {
        "list": isinstance(document, list),
        "columns": len({len(one) for one in lists}) == 1,
        "kserve": bool(named and tensors_of(named, where)),
    }
    if not fits.get(where.options.layout or "", True):
        raise Rejected("unknown_layout", "another layout")


def list_view(document: list[Any], where: Where) -> View:
    """Return the statement of a bare list."""
    table = Table([Column("", document)])
    if where.options.layout == "list":
        return View("fixed", len(document), document, table)
    if not document:
        return View("rows", 0, document, table)
    kind = kind_of(document, answer=where.answer)
    if kind == "numbers":
        said = "open" if where.answer else "call"
        return View(said, len(document), document, table, bare="numbers", cuttable=True)
    return View(
        "rows" if kind else "call",
        len(document) if kind else 1,
        document,
        table,
        bare=kind,
        is_matrix=kind == "lists",
        arrays=where.answer and are_arrays(document),
    )


def path_view(document: Any, where: Where) -> View:
    """Return the view of the list at the path of `rows`; plain values above it belong to the call."""
    *above, last = (where.options.rows or "").split(".")
    inner, call, path = document, dict[str, Any](), ""
    for step in above:
        if not isinstance(inner, dict) or step not in inner:
            raise Rejected("unknown_layout", "no such path")
        call |= {path + key: value for key, value in inner.items() if key != step}
        inner, path = inner[step], f"{path}{step}."
    if not isinstance(inner, dict) or not isinstance(inner.get(last), list):
        raise Rejected("unknown_layout", "no list at the path")
    if any(map(has_lists, call.values())):
        raise Rejected("unknown_layout", "lists above the path")
    table = object_table(inner, len(inner[last]), [last], where)
    return View("fixed", len(inner[last]), document, Table(table.columns, call | table.call))


def clarify_view(document: Document) -> View | None:
    """Return the view of an answer of Clarify: predictions as text beside explanations, row by row."""
    match document:
        case {"explanations": dict(methods), "predictions": {"data": str(text)} as predictions} if (
            predictions.keys() <= {"content_type", "data"}
        ):
            given = predictions.get("content_type")
            media = given if isinstance(given, str) else "text/csv"
            lists = {name: one for name, one in methods.items() if isinstance(one, list) and one}
            lengths = {len(one) for one in lists.values()}
            if len(lengths) != 1:
                return None
            n, body = lengths.pop(), read_body(Side(text, "CSV" if "csv" in media else "JSON", media), SideOptions())
            inner = inner_table(view_of(body, Where(answer=True)), n)
            columns = [Column(f"explanations.{name}", one) for name, one in lists.items()]
            rest = {f"explanations.{name}": one for name, one in methods.items() if name not in lists}
            known = {"explanations", "predictions", "version", "label_headers"}
            rest |= {name: one for name, one in document.items() if name not in known}
            if any(map(has_lists, rest.values())):
                raise Rejected("unknown_layout", "lists beside the explanations")
            return View("fixed", n, document, Table(inner.columns + columns, inner.call | rest))
        case _:
            return None


def inner_table(view: View, n: int) -> Table:
    """Return the predictions of Clarify as n rows."""
    if n == 1 and not (view.kind == "fixed" and view.n > 1):
        return (
            view.table
            if view.kind in ("fixed", "rows") and isinstance(view.table, Table)
            else Table([Column("", [view.whole])])
        )
    rows = view.kind in ("fixed", "rows") or (view.kind == "open" and view.cuttable)
    if not rows or view.n != n or not isinstance(view.table, Table):
        raise Rejected("row_count_mismatch", "predictions and explanations")
    return view.table
