"""Reads the SEARCH expressions that `queries.search` writes: rendering and tests ask which metrics a text names."""

import re

from msgspec import Struct

_SEARCH = re.compile(
    r"SEARCH\('\{(?P<schema>[^}]*)\} MetricName=\"(?P<metric>\w+)\"(?P<terms>.*)', "
    r"'(?P<statistic>[\w.]+)', (?P<period>\d+)\)"
)
_TERM = re.compile(r""" (?P<not>NOT )?(?P<name>\w+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>\w+))""")
_ESCAPED = re.compile(r"\\(.)")


class Search(Struct, frozen=True, kw_only=True):
    """One search: the metric, exactly its dimensions, and the values that some of them must have."""

    namespace: str
    metric: str
    dimensions: tuple[str, ...]
    statistic: str
    period_secs: int
    values: tuple[tuple[str, str], ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()


def parse_search(expression: str) -> Search | None:
    """Return the search of an expression; `None` if it is no search.

    Raises `ValueError` for a search in a form that `queries.search` does not write.
    """
    if "SEARCH(" not in expression:
        return None
    found = _SEARCH.fullmatch(expression)
    if found is None:
        raise ValueError(f"not a search of this catalogue: {expression}")
    namespace, *dimensions = found["schema"].split(",")
    terms = list(_TERM.finditer(found["terms"]))
    if "".join(term[0] for term in terms) != found["terms"]:
        raise ValueError(f"not terms of this catalogue: {found['terms']}")
    return Search(
        namespace=namespace.strip('"'),
        metric=found["metric"],
        dimensions=tuple(dimensions),
        statistic=found["statistic"],
        period_secs=int(found["period"]),
        values=tuple((term["name"], _value(term)) for term in terms if not term["not"]),
        excluded=tuple((term["name"], _value(term)) for term in terms if term["not"]),
    )


def _value(term: re.Match[str]) -> str:
    return term["plain"] if term["quoted"] is None else _ESCAPED.sub(r"\1", term["quoted"])
