"""Rows that are made up for the widgets of log queries: the columns of the SQL, with values that fit their names."""

import random
import re

_ROWS = 8
_COLUMNS = re.compile(r"\bAS (\w+)(?=,| FROM )")
_VALUES = {
    "origin": ("45.129.199.204", "config.amazonaws.com", "198.51.100.7"),
    "error": ("User is not authorized to perform: sagemaker:DeleteEndpoint", "Could not find endpoint"),
    "operation": ("CreateEndpoint", "DescribeEndpoint", "ListTags", "DeleteEndpoint", "InvokeEndpoint"),
    "account": ("prod", "123456789012"),
    "region": ("us-east-1",),
    "user_type": ("AssumedRole", "IAMUser"),
    "user_name": ("ana", "bob", "ConfigResourceCompositionSession"),
    "endpointname": ("churn", "prices"),
    "hour": tuple(f"2026-01-15 {hour:02}:00" for hour in range(8, 20)),
    "status": ("200", "400", "500"),
    "level": ("INFO", "WARN", "ERROR", ""),
    "read_only": ("true", "false"),
    "time": tuple(f"2026-01-15 09:{minute:02}:07.201" for minute in range(60)),
    "job": ("churn-2026-01-15", "prices-2026-01-15"),
    "host": ("algo-1", "algo-2"),
    "line": ("[76]#011train-logloss:0.35695#011validation-logloss:0.41460", "epoch 3 of 10", "saved the model"),
}
_OF_TIME = frozenset({"hour", "time"})


def columns_of(sql: str) -> list[str]:
    """Return the names of the columns of a log query."""
    return _COLUMNS.findall(sql)


def made_up_rows(sql: str, seed: int) -> list[list[str]]:
    """Return rows of the columns, each once, in the order of the query: by count, or by time."""
    chance = random.Random(f"{seed} {sql}")  # noqa: S311 - made-up values, not secrets
    columns = columns_of(sql)
    rows: dict[tuple[str, ...], int] = {}
    for _ in range(_ROWS):
        row = [chance.choice(_VALUES.get(name, ("-",))) for name in columns if name != "n"]
        rows[tuple(row)] = chance.randint(1, 900)
    ranked = sorted(rows, key=lambda row: rows[row], reverse=True)
    if columns[0] in _OF_TIME:
        ranked = sorted(rows, reverse=columns[0] == "time")
    return [[*row, str(rows[row])] if "n" in columns else list(row) for row in ranked]
