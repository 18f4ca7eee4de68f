"""Payloads that are one call, as clients and servers write them, each with the names and values that it is."""

import json
from typing import Any

from tests.properties.generated_batches import Batch, Named, Part, flat


def record(one: Batch) -> Part:
    """One object with plain values and nested objects."""
    row = one.objects()[0]
    row = {name: value for name, value in row.items() if not isinstance(value, list)} | {"kind": one.text()}
    row = {name: {"a": 1, "c": one.text()} if isinstance(value, dict) else value for name, value in row.items()}
    return one.document("record", row, [flat(row)], "call")


def record_with_lists(one: Batch) -> Part:
    """One object with lists of different lengths."""
    row = {"size": one.number(), "history": [one.number() for _ in range(3)], "tags": [one.text(), one.text()]}
    return one.document("record with lists", row, [flat(row)], "call", lengths=(3, 2))


def features(one: Batch) -> Part:
    values = one.numbers(one.random.randint(2, 4))[0]
    if one.answer:
        return one.document("probabilities of one", {"probabilities": values}, one.ordered([values]), "open")
    if one.random.random() < 0.4:
        return one.document("data of one", {"data": values}, [flat({"data": values})], "call")
    return one.document("features of one", {"features": values}, one.ordered([values]), "call")


def sparkml(one: Batch) -> Part:
    values = [one.number(), one.text(), one.number()]
    return one.document("mixed data", {"data": values}, [flat({"data": values})], "call")


def csv_line(one: Batch) -> Part:
    values = [one.number() for _ in range(one.random.randint(2, 4))]
    says = "open" if one.answer else "call"
    return Part("csv line", ",".join(map(str, values)), "text/csv", one.ordered([values]), says)


def bare_numbers(one: Batch) -> Part:
    values = one.numbers(one.random.randint(2, 4))[0]
    return one.document("bare numbers", values, one.ordered([values]), "open" if one.answer else "call", plain=True)


def prompt(one: Batch) -> Part:
    parameters = one.random.choice(({}, {"parameters": {"top_k": 2, "stop": ["a", "b"]}}, {"stream": True}))
    document = {"inputs": one.text(), **parameters}
    return one.document("prompt", document, [flat(document)], "call")


def question(one: Batch) -> Part:
    document = {"inputs": {"question": one.text(), "context": one.text()}}
    return one.document("question", document, [flat(document)], "call")


def chat(one: Batch) -> Part:
    messages = [{"role": "user", "content": one.text()} for _ in range(one.random.randint(1, 3))]
    document: Named = {"model": "m", "messages": messages, "temperature": 0.2}
    return one.document("chat", document, [flat(document)], "call")


def rerank(one: Batch) -> Part:
    document = {"query": one.text(), one.random.choice(("texts", "documents")): [one.text(), one.text()]}
    return one.document("rerank", document, [flat(document)], "call")


def plain_text(one: Batch) -> Part:
    text = one.text()
    return Part(
        "plain text", text, one.random.choice(("text/plain", "application/x-text")), one.ordered([[text]]), "call"
    )


def list_text(one: Batch) -> Part:
    texts = [one.text(), one.text()]
    return Part("list-text", json.dumps(texts), "application/list-text", one.ordered([texts]), "call")


def scalar(one: Batch) -> Part:
    value = one.random.choice((one.number(), True, None, "late"))
    return one.document("scalar", value, one.ordered([[value]]), "call")


def entities(one: Batch) -> Part:
    """Entities of one text: any number, also none."""
    found: list[Named] = [
        {"entity": "PER", "word": one.text(), "score": one.number()} for _ in range(one.random.randint(0, 3))
    ]
    named: Named = {}
    for at, entity in enumerate(found):
        named |= flat({f"prediction_{at}.{name}" if at else name: value for name, value in entity.items()})
    return one.document("entities", found, [named], "rows", count=len(found))


def tokens(one: Batch) -> Part:
    """A stream of tokens in JSON Lines."""
    lines = [{"token": {"id": one.random.randrange(99), "text": one.text()}} for _ in range(one.random.randint(1, 3))]
    named: Named = {}
    for at, line in enumerate(lines):
        named |= flat({f"prediction_{at}": line} if at else line)
    return Part("tokens", "\n".join(map(json.dumps, lines)), "application/jsonlines", [named], "call")


def lines_of_one(one: Batch) -> Part:
    """JSON Lines that answer one call are one inference."""
    lines = [{"part": at, "text": one.text()} for at in range(one.random.randint(1, 3))]
    named: Named = {}
    for at, line in enumerate(lines):
        named |= flat({f"prediction_{at}": line} if at else line)
    return Part(
        "lines of one", "\n".join(map(json.dumps, lines)), "application/jsonlines", [named], "lines", count=len(lines)
    )


def closed(one: Batch) -> Part:
    """Bodies that are one call, whatever their lists."""
    document: Named = one.random.choice(
        (
            {"id": "c", "choices": [{"index": 0, "message": {"content": one.text()}}], "usage": {"total_tokens": 4}},
            {"sequence": one.text(), "labels": ["delay", "price"], "scores": [0.9, 0.1]},
            {"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "labels": ["fox", "owl"], "scores": [0.9, 0.8]},
            {"normalized_boxes": [[0.1, 0.2]], "classes": [1], "scores": [0.4]},
            {"annotations": [{"class_id": 1}], "image_size": [{"width": 4}]},
        )
    )
    return one.document("closed", document, [flat(document)], "call")


def one_prediction(one: Batch) -> Part:
    """`{"predictions": [..]}` with one object: a fixed row."""
    row: Named = {"score": [one.number(), one.number()], "predicted_label": 1}
    return one.document("one prediction", {"predictions": [row]}, [flat(row)], "fixed")


def embedding(one: Batch) -> Part:
    values: list[Any] = [one.number() for _ in range(one.random.randint(2, 4))]
    return one.document("embedding", {"embedding": values}, [flat({"embedding": values})], "open")


REQUESTS = (
    record,
    record_with_lists,
    features,
    sparkml,
    csv_line,
    bare_numbers,
    prompt,
    question,
    chat,
    rerank,
    plain_text,
    list_text,
)
ANSWERS = (
    record,
    features,
    csv_line,
    bare_numbers,
    scalar,
    entities,
    tokens,
    lines_of_one,
    closed,
    one_prediction,
    embedding,
)
