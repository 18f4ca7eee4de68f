"""Batches of rows as servers and their clients write them, each with the rows that it is."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Named = dict[str, Any]

WORDS = ("red", "Oslo", "Bern", "late", "ja", "größe", "日本", 'said "no"', "a, b", "two\nlines", "x; y", "né")
NAMES = ("age", "city", "km", "visits", "plan", "x.y", "größe", "Total", "in0")
OUTPUT_NAMES = ("p", "label", "score", "risk", "eta", "mean", "tag", "y.z")


@dataclass(frozen=True)
class Part:
    """One side: the text and its media type, the rows that it holds, and its statement by section 2 of the rule.

    `plain` marks bare plain values (some requests do not go with them), and `beside` values of the call beside rows.
    `count` is how many rows an answer to one call says, and `lengths` are the lengths of lists beside each other.
    """

    layout: str
    text: str
    media: str
    rows: list[Named]
    says: str
    plain: bool = False
    beside: bool = False
    count: int = 1
    lengths: tuple[int, ...] = ()


class Batch:
    """The number of rows and the side that a layout is made for.

    `random` decides the structure, and chance of its own the values: so batches of all sizes have one structure.
    """

    def __init__(self, random: Random, n: int, *, answer: bool) -> None:
        self.random, self.n, self.answer = random, n, answer
        self.chance = Random(random.random())
        self.stem = "prediction" if answer else "feature"

    def number(self) -> Any:
        """Return a number as it is written in JSON and in CSV."""
        return self.chance.choice(
            (self.chance.randrange(-3, 200), round(self.chance.uniform(-2, 90), 3), round(self.chance.random(), 2))
        )

    def text(self) -> str:
        """Return a text that no reader takes for something else."""
        return f"{self.chance.choice(WORDS)} {self.chance.choice(WORDS)}"

    def names(self) -> list[str]:
        """Return one to four names of this side."""
        return self.random.sample(OUTPUT_NAMES if self.answer else NAMES, self.random.randint(1, 4))

    def numbers(self, width: int | None = None) -> list[list[Any]]:
        """Return rows of numbers."""
        width = width or self.random.randint(1, 4)
        return [[self.number() for _ in range(width)] for _ in range(self.n)]

    def mixed(self) -> list[list[Any]]:
        """Return rows of numbers, or of a number and texts; the first value is a number."""
        if self.random.random() < 0.5:
            return self.numbers()
        kinds = [self.number, *self.random.choices([self.number, self.text], k=self.random.randint(1, 3))]
        return [[kind() for kind in kinds] for _ in range(self.n)]

    def plain(self) -> list[Any]:
        """Return one value a row, all numbers or all texts."""
        kind = self.random.choice((self.number, self.text))
        return [kind() for _ in range(self.n)]

    def objects(self, *, deep: bool = True) -> list[Named]:
        """Return rows with names, all of the same names; a value may be a list or an object."""
        kinds: list[Callable[[], Any]] = [self.number, self.text]
        if deep:
            kinds += [lambda: [self.number(), self.number()], lambda: {"a": self.number(), "b": [self.text()]}]
        columns = {name: self.random.choice(kinds) for name in self.names()}
        return [{name: kind() for name, kind in columns.items()} for _ in range(self.n)]

    def ordered(self, rows: list[list[Any]]) -> list[Named]:
        """Return rows of ordered values with their names."""
        return [flat({f"{self.stem}_{at}": value for at, value in enumerate(row)}) for row in rows]

    def outer(self) -> str:
        """Return an outer key of this side."""
        return self.random.choice(("predictions", "outputs") if self.answer else ("instances", "inputs"))

    def not_data(self, key: str) -> Named:
        """Return keys beside `key` that are not data, or none."""
        if self.answer or self.random.random() < 0.6:
            return {}
        known = {"instances": ("signature_name", "parameters"), "inputs": ("parameters", "options")}
        return {self.random.choice(known[key]): self.random.choice(("serving_default", {"k": 1}, {"top": [1, 2]}))}

    def document(self, layout: str, document: Any, rows: list[Named], says: str, **more: Any) -> Part:
        """Return the part of one JSON document."""
        return Part(layout, written(self.random, document), "application/json", rows, says, **more)


def flat(row: Any, name: str = "") -> Named:
    """Return every scalar of a row under a name of its own."""
    if isinstance(row, dict) and (row or not name):
        return {
            key: one
            for last, inner in row.items()
            for key, one in flat(inner, f"{name}.{last}" if name else last).items()
        }
    if isinstance(row, list) and row:
        return {key: one for at, inner in enumerate(row) for key, one in flat(inner, f"{name}_{at}").items()}
    return {name: None if row in ([], {}) else row}


def written(random: Random, document: Any) -> str:
    """Return JSON as one client or another writes it."""
    style = random.randrange(3)
    if style == 0:
        return json.dumps(document, indent=random.choice((None, 2, 4)))
    return json.dumps(document, ensure_ascii=style == 1, separators=(",", ":") if random.random() < 0.5 else None)


def csv_text(random: Random, rows: list[list[Any]]) -> str:
    """Return CSV with one line end or another, with or without the last one, and with quotes where they may be."""
    out = io.StringIO()
    end = random.choice(("\n", "\n", "\r\n"))
    writers = (
        csv.writer(out, lineterminator=end),
        csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL),
        csv.writer(out, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC),
    )
    random.choice(writers).writerows(rows)
    return out.getvalue().removesuffix(end) + end * random.choice((0, 1, 1, 2))


def as_csv(batch: Batch) -> Part:
    rows = batch.mixed()
    media = batch.random.choice(("text/csv", "text/csv; charset=utf-8", "text/csv;header=absent"))
    says = "fixed" if batch.n > 1 else "open" if batch.answer else "call"
    return Part("csv", csv_text(batch.random, rows), media, batch.ordered(rows), says)


def csv_with_names(batch: Batch) -> Part:
    names = batch.names()
    rows = [[batch.text() if at else batch.number() for at in range(len(names))] for _ in range(batch.n)]
    says = "fixed" if batch.n > 1 else "open" if batch.answer else "call"
    named = [dict(zip(names, row, strict=True)) for row in rows]
    return Part("csv with names", csv_text(batch.random, [names, *rows]), "text/csv; header=present", named, says)


def csv_lists(batch: Batch) -> Part | None:
    """XGBoost's selectable inference: a label, and the probabilities as a quoted list."""
    if not batch.answer:
        return None
    rows = [[batch.chance.randrange(9), [batch.number(), batch.number()]] for _ in range(batch.n)]
    text = csv_text(batch.random, [[label, json.dumps(shares)] for label, shares in rows])
    return Part("csv lists", text, "text/csv", batch.ordered(rows), "fixed" if batch.n > 1 else "open")


def csv_one_line(batch: Batch) -> Part | None:
    """XGBoost: a value a row, all in one line."""
    if not batch.answer:
        return None
    values = [batch.number() for _ in range(batch.n)]
    text = ",".join(map(str, values)) + batch.random.choice(("", "\n"))
    return Part("csv one line", text, "text/csv", batch.ordered([[one] for one in values]), "open", plain=True)


def csv_brackets(batch: Batch) -> Part | None:
    """XGBoost, multi:softprob: a list a row, all in one line."""
    if not batch.answer or batch.n < 2:
        return None
    rows = batch.numbers(batch.random.randint(2, 4))
    return Part("csv brackets", ",".join(map(str, rows)), "text/csv", batch.ordered(rows), "rows")


def csv_column(batch: Batch) -> Part:
    """One column of numbers. An empty line between others is an empty cell."""
    values: list[Any] = [batch.number() for _ in range(batch.n)]
    if batch.n > 2 and batch.random.random() < 0.3:
        values[batch.random.randrange(1, batch.n - 1)] = None
    text = "\n".join("" if one is None else str(one) for one in values) + batch.random.choice(("", "\n"))
    says = "fixed" if batch.n > 1 else "open" if batch.answer else "call"
    return Part("csv column", text, "text/csv", batch.ordered([[one] for one in values]), says)


def bare_list(batch: Batch) -> Part:
    if batch.random.random() < 0.4:
        objects = batch.objects()
        return batch.document("list of objects", objects, list(map(flat, objects)), "rows")
    rows = batch.mixed()
    return batch.document("list of lists", rows, batch.ordered(rows), "rows")


def bare_values(batch: Batch) -> Part | None:
    values = batch.plain()
    if isinstance(values[0], str):
        return batch.document("list of texts", values, batch.ordered([[one] for one in values]), "rows", plain=True)
    if not batch.answer:
        return None
    return batch.document("list of numbers", values, batch.ordered([[one] for one in values]), "open", plain=True)


def json_lines(batch: Batch) -> Part:
    style = batch.random.randrange(4)
    rows = batch.mixed()
    documents: list[Any] = [{"features": row} for row in rows] if style == 0 else rows
    named = batch.ordered(rows)
    if style == 1:
        documents = batch.objects()
        named = list(map(flat, documents))
    elif style == 2:
        documents = [{"data": {"features": {"values": row}}} for row in rows]
    text = "\n".join(json.dumps(one) for one in documents) + batch.random.choice(("", "\n"))
    media = batch.random.choice(("application/jsonlines", "application/x-ndjson"))
    return Part("json lines", text, media, named, "fixed")


def outer_rows(batch: Batch) -> Part:
    key, style = batch.outer(), batch.random.randrange(5)
    rows = batch.mixed() if style < 4 else [[one] for one in batch.plain()]
    elements: list[Any] = [one[0] for one in rows] if style == 4 else rows
    if style == 1:
        elements = [{"features" if not batch.answer else "probabilities": row} for row in rows]
    elif style == 2:
        elements = [verbose(batch.chance, row) for row in rows]
    return batch.document(f"{key} of values", {**batch.not_data(key), key: elements}, batch.ordered(rows), "fixed")


def verbose(random: Random, row: list[Any]) -> Named:
    """Return SageMaker's verbose form of a row, dense or sparse."""
    if random.random() < 0.5:
        return {"data": {"features": {"values": row}}}
    keys = [at for at, value in enumerate(row) if value != 0 or isinstance(value, float)]
    values = [row[at] for at in keys]
    return {"data": {"features": {"keys": keys, "shape": [len(row)], "values": values}}}


def outer_objects(batch: Batch) -> Part:
    key, objects = batch.outer(), batch.objects()
    beside = batch.not_data(key)
    if not batch.answer and batch.random.random() < 0.3:
        key, beside = "dataframe_records", {}
    elif batch.answer and batch.random.random() < 0.3:
        key = batch.random.choice(("scores", "projections"))
    return batch.document(f"{key} of objects", {key: objects, **beside}, list(map(flat, objects)), "fixed")


def ordered_key(batch: Batch) -> Part:
    """`{"features": [[..], ..]}` and `{"probabilities": ..}`."""
    key, rows = "probabilities" if batch.answer else "features", batch.mixed()
    return batch.document(f"{key} of lists", {key: rows}, batch.ordered(rows), "rows")


ORDERED = (
    as_csv, csv_with_names, csv_lists, csv_one_line, csv_brackets, csv_column, bare_list, bare_values, json_lines,
    outer_rows, outer_objects, ordered_key,
)  # fmt: skip
