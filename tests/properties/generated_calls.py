"""Captured calls over all layouts of the rule, each with the inferences that it is; and damaged ones without.

Chance comes from a seed alone: the same seed gives the same calls on every machine.
"""

import base64
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.properties.generated_batches import ORDERED, Batch, Named, Part
from tests.properties.generated_columns import COLUMNS, one_error
from tests.properties.generated_single import ANSWERS, REQUESTS
from tests.support.captures import Side, capture

# The inferences of a call; a row whose answer is an error body is `None`. `None` alone is a rejected call.
Rows = list[tuple[Named, Named] | None] | None


@dataclass(frozen=True)
class Call:
    """A call: the layouts of its sides, both sides as a capture holds them, and its inferences."""

    layouts: tuple[str, str]
    request: Side
    answer: Side
    rows: Rows

    @property
    def line(self) -> bytes:
        """The capture line of the call."""
        return capture(self.request, self.answer)


def generated_call(random: Random) -> Call:
    """Return a call whose result is known."""
    request, answer, rows = single_call(random) if random.random() < 0.35 else batch_call(random)
    call = Call((request.layout, answer.layout), dressed(random, request), dressed(random, answer), rows)
    if rows and random.random() < 0.03:
        return cut_short(random, call)
    return call


def batch_call(random: Random) -> tuple[Part, Part, Rows]:
    """Return a batch and its answer; sometimes a row of the answer is an error body, or the answer has one row more."""
    n = random.choice((1, 1, 2, 2, 3, 4))
    request = batch_part(random, Batch(random, n, answer=False))
    if n > 1 and random.random() < 0.06:
        return request, another_count(random, request, n + 1), None
    answer = batch_part(random, Batch(random, n, answer=True))
    while has_blank(request) and has_blank(answer):
        answer = batch_part(random, Batch(random, n, answer=True))
    if random.random() < 0.1:
        answer = one_error(answer, random) or answer
    if n > 1 and not paired(request, answer):
        return request, answer, None
    rows = zip(request.rows, answer.rows, strict=True)
    failed = answer.layout.startswith("error")
    return request, answer, [None if failed and not found else (given, found) for given, found in rows]


def another_count(random: Random, request: Part, n: int) -> Part:
    """Return an answer of another number of rows; two vectors of different lengths would be one call."""
    while True:
        answer = batch_part(random, Batch(random, n, answer=True))
        if not has_blank(answer) and not request.says == answer.says == "open":
            return answer


def has_blank(part: Part) -> bool:
    return part.layout == "csv column" and any(None in row.values() for row in part.rows)


def batch_part(random: Random, batch: Batch) -> Part:
    while True:
        if part := random.choice(ORDERED + COLUMNS)(batch):
            return part


def paired(request: Part, answer: Part) -> bool:
    """Tell whether a batch of two or more rows is read, by section 3."""
    if request.says == answer.says == "open":
        return False
    return not (request.says == "rows" and request.beside and answer.plain)


def single_call(random: Random) -> tuple[Part, Part, Rows]:
    """Return one call and its answer."""
    request = random.choice(REQUESTS)(Batch(random, 1, answer=False))
    answer = random.choice(ANSWERS)(Batch(random, 1, answer=True))
    features = len(request.rows[0]) if request.plain and answer.says == "rows" else 0
    if answer.count > 1 and answer.count in (*request.lengths, features):
        return request, answer, None  # a list of the request could be its rows
    return request, answer, [(request.rows[0], answer.rows[0])]


def dressed(random: Random, part: Part) -> Side:
    """Return a part as a side of a capture: with one encoding or another, a byte order mark, white space."""
    text, media, encoding = part.text, part.media, "JSON"
    is_csv = media.startswith("text/csv")
    if is_csv:
        encoding = "CSV"
    if media == "application/json":
        text = random.choice(("", "", " ", "\n")) + text + random.choice(("", "", "\n", " \r\n"))
        media = random.choice((media, media, "application/json; charset=utf-8", "application/vnd.x+json"))
        if text.strip()[0] in "[{":
            text = json.dumps(text) if random.random() < 0.05 else text
            if random.random() < 0.05 and text.strip()[0] in "[{":
                media, encoding = "text/csv", "CSV"
            elif random.random() < 0.05:
                encoding = "CSV"
    if random.random() < 0.06:
        text = "\ufeff" + text
    if random.random() < 0.3:
        charset = "utf-8"
        if is_csv and random.random() < 0.3 and "header" not in media:
            media, charset = "text/csv; charset=utf-16", "utf-16"
            text = text.removeprefix("\ufeff")
        return side(base64.b64encode(text.encode(charset)).decode(), "BASE64", media)
    return side(text, encoding, media)


def side(data: str, encoding: str, media: str | None) -> Side:
    return {"observedContentType": media, "mode": "INPUT", "data": data, "encoding": encoding}


def cut_short(random: Random, call: Call) -> Call:
    """Return the call with an answer in JSON that ends too early: it is rejected."""
    answer = call.answer
    whole = (
        answer["encoding"] == "JSON"
        and answer["data"].strip()[:1] in ("{", "[")
        and "json" in answer["observedContentType"]
    )
    if not whole or "jsonlines" in answer["observedContentType"] or "ndjson" in answer["observedContentType"]:
        return call
    text = answer["data"].rstrip()
    data = text[: random.randrange(1, len(text))]
    return Call((call.layouts[0], f"cut {call.layouts[1]}"), call.request, answer | {"data": data}, None)


def damaged_call(random: Random) -> tuple[Side, Side]:
    """Return two sides with random changes. Their result is not known."""
    call = generated_call(random)
    other = generated_call(random)
    request, answer = (call.request, call.answer) if random.random() < 0.3 else (call.request, other.answer)
    return damaged_side(random, request), damaged_side(random, answer)


def damaged_side(random: Random, given: Side) -> Side:
    data, chance = given["data"], random.random()
    if chance < 0.35:
        return given
    if chance < 0.5 and data:
        at = random.randrange(len(data))
        data = (
            data[:at]
            + random.choice(("", ",", "\n", "]", "}", '"', "0", " ", ";", "null", "\0", "é"))
            + data[at + random.randrange(2) :]
        )
    elif chance < 0.65:
        data = json.dumps(random_document(random, 3))
    elif chance < 0.75:
        data = "\n".join(json.dumps(random_document(random, 2)) for _ in range(random.randint(1, 3)))
    elif chance < 0.85:
        data = "\n".join(
            ",".join(random.choice(CELLS) for _ in range(random.randint(1, 3))) for _ in range(random.randint(1, 4))
        )
    else:
        return given | {"observedContentType": random.choice(TYPES)}
    return given | {
        "data": data,
        "encoding": random.choice(("CSV", "JSON")),
        "observedContentType": random.choice((*TYPES, given["observedContentType"])),
    }


TYPES = (None, "text/csv", "application/json", "application/jsonlines", "text/plain", "text/html; charset=utf-8")
CELLS = (
    "1",
    "0.5",
    "-3",
    "late",
    "Oslo",
    "",
    " x",
    "a b",
    '"q, r"',
    "nan",
    "1e5",
    "007",
    "[1",
    "2]",
    '"[0.1, 0.2]"',
    "x;1",
)
KEYS = (
    "instances", "predictions", "inputs", "outputs", "features", "probabilities", "data", "labels", "scores", "a", "b",
    "0", "1", "index", "error", "columns", "predicted_label", "messages", "parameters", "embedding", "call.a", "query",
)  # fmt: skip


def random_document(random: Random, depth: int) -> Any:
    """Return a document of any shape, with keys that mean something to the rule."""
    chance = random.random()
    if depth == 0 or chance < 0.2:
        return random.choice(
            (None, True, False, 0, 1, 7, -2, 0.25, 0.5, 1e9, "", "late", "two words", "é", random.randrange(99))
        )
    n = random.randint(0, 3)
    if chance < 0.4:
        kind = random.choice((lambda: random.randrange(9), lambda: random.choice(("late", "ja")), lambda: [0.5, 1]))
        return [kind() for _ in range(n)]
    if chance < 0.6:
        return [random_document(random, depth - 1) for _ in range(n)]
    return {random.choice(KEYS): random_document(random, depth - 1) for _ in range(random.randint(0, 4))}
