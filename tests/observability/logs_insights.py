"""CloudWatch Logs Insights on this machine: the SQL of a panel, translated by sqlglot and run by DuckDB."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.observability.events import delivered


def rows(sql: str, records: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the result of `sql` over one log group with `records`, whose fields are found as CloudWatch finds them.

    A field that a record does not have is null, as one that no record has.
    """
    query = sqlglot.parse_one(sql, read="spark")
    (table,) = query.find_all(exp.Table)
    columns = sorted({column.name for column in query.find_all(exp.Column)} - _names(query))
    kinds = ", ".join(f"{_quoted(name)} VARCHAR" for name in columns)
    values = [[record.get(name) for name in columns] for record in records]
    database, group = _database(), _quoted(table.name)
    database.execute(f"CREATE TABLE {group} ({kinds})")
    try:
        places = ", ".join("?" for _ in columns)
        if values:
            database.executemany(f"INSERT INTO {group} VALUES ({places})", values)  # noqa: S608 - the name is quoted
        return database.execute(query.sql(dialect="duckdb")).fetchall()
    finally:
        database.execute(f"DROP TABLE {group}")


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Return the database of this test run: to open one takes longer than a query."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    return database


def fields(record: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """Return the fields of a JSON record as text, by their paths; a null is no field."""
    found: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= fields(value, f"{path}{name}.")
        elif value is not None:
            found[path + name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def audit_rows(sql: str, events: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the result of `sql` over an audit log with these CloudTrail events."""
    return rows(sql, (fields(delivered(event)) for event in events))


def line(sample: Mapping[str, Any], account: str = "956882708938") -> dict[str, str]:
    """Return a sample of a log line under the names that CloudWatch gives its parts."""
    return {
        "@timestamp": str(sample["timestamp"]),
        "@message": sample["message"],
        "@logStream": sample["logStream"],
        "@log": f"{account}:{sample['logGroup']}",
    }


def _names(query: exp.Expr) -> set[str]:
    """Return the names that the query itself gives to results, such as `n`."""
    return {alias.alias for alias in query.find_all(exp.Alias)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
