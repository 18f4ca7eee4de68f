"""The store of the monitor, in SQLite: one row an inference, however often it was sent."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from capture_ops.monitor.contract import GroundTruth, NewInference
from capture_ops.terminal.errors import CommandError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inferences (
    model_id TEXT NOT NULL,
    partner_inference_id TEXT NOT NULL,
    inference_timestamp TEXT NOT NULL,
    inference_data TEXT NOT NULL,
    batch_id TEXT,
    ground_truth_timestamp TEXT,
    ground_truth_data TEXT,
    times_received INTEGER NOT NULL DEFAULT 1,
    conflicts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (model_id, partner_inference_id)
)
"""
_FIND = """
SELECT inference_timestamp, inference_data, batch_id FROM inferences WHERE model_id = ? AND partner_inference_id = ?
"""
_ADD = """
INSERT INTO inferences (inference_timestamp, inference_data, batch_id, model_id, partner_inference_id)
VALUES (?, ?, ?, ?, ?)
"""
_COUNT_DUPLICATE = """
UPDATE inferences SET times_received = times_received + 1 WHERE model_id = ? AND partner_inference_id = ?
"""
_COUNT_CONFLICT = """
UPDATE inferences SET conflicts = conflicts + 1 WHERE model_id = ? AND partner_inference_id = ?
"""
_LABEL = """
UPDATE inferences SET ground_truth_timestamp = ?, ground_truth_data = ? WHERE model_id = ? AND partner_inference_id = ?
"""
_INFERENCES = """
SELECT partner_inference_id, inference_timestamp, inference_data, batch_id, times_received, conflicts,
    ground_truth_timestamp, ground_truth_data
FROM inferences WHERE model_id = ? ORDER BY rowid LIMIT ? OFFSET ?
"""
_GROUND_TRUTHS = """
SELECT partner_inference_id, ground_truth_timestamp, ground_truth_data
FROM inferences WHERE model_id = ? AND ground_truth_data IS NOT NULL ORDER BY rowid
"""


class Outcome(Enum):
    """The result of adding an inference."""

    NEW = auto()
    DUPLICATE = auto()
    CONFLICT = auto()


class StoredInference(Struct, frozen=True):
    """An inference as it was first received, and its current labels.

    `times_received` counts the rows with this id and content, `conflicts` those with this id and other content.
    """

    partner_inference_id: str
    inference_timestamp: datetime
    inference_data: dict[str, Any]
    batch_id: str | None
    times_received: int
    conflicts: int
    ground_truth_timestamp: datetime | None = None
    ground_truth_data: dict[str, Any] | None = None


class StoredGroundTruth(Struct, frozen=True):
    """The current labels of an inference."""

    partner_inference_id: str
    ground_truth_timestamp: datetime
    ground_truth_data: dict[str, Any]


class Store:
    """Inferences by model and partner inference id. Any thread may read and write.

    `database` is a file, created if it is missing, or `:memory:`. Raises `CommandError` if it cannot be used.
    """

    def __init__(self, database: str | Path) -> None:
        self._lock = Lock()
        try:
            # All threads share one connection, with a lock: a second connection would not see a database in memory.
            self._connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise _unusable(database, error) from error
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            self._connection.close()
            raise _unusable(database, error) from error

    def add(self, model_id: str, rows: Sequence[NewInference]) -> list[Outcome]:
        """Store new rows in one transaction, and return the outcome of every row.

        Data is immutable: the first content of an id stays. Ground truth is taken from every row but a conflict.
        """
        with self._transaction() as connection:
            return [_add(connection, model_id, row) for row in rows]

    def label(self, model_id: str, rows: Sequence[GroundTruth]) -> list[bool]:
        """Replace the ground truth of inferences, and return for every row whether its inference exists."""
        with self._transaction() as connection:
            return [_label(connection, model_id, row) for row in rows]

    def count(self, model_id: str) -> int:
        """Return the number of inferences of a model."""
        ((count,),) = self._read("SELECT count(*) FROM inferences WHERE model_id = ?", model_id)
        return int(count)

    def inferences(self, model_id: str, limit: int = -1, offset: int = 0) -> list[StoredInference]:
        """Return inferences of a model in the order of their first arrival: all, or `limit` after `offset` others."""
        return [_stored(*row) for row in self._read(_INFERENCES, model_id, limit, offset)]

    def ground_truths(self, model_id: str) -> list[StoredGroundTruth]:
        """Return the ground truth of every inference of a model that has one."""
        return [
            StoredGroundTruth(partner_id, datetime.fromisoformat(timestamp), msgspec.json.decode(data))
            for partner_id, timestamp, data in self._read(_GROUND_TRUTHS, model_id)
        ]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def _read(self, query: str, *values: str | int) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def _stored(partner_id: str, timestamp: str, data: str, *others: Any) -> StoredInference:
    *counts, labelled, labels = others
    moment = datetime.fromisoformat(timestamp)
    stored = StoredInference(partner_id, moment, msgspec.json.decode(data), *counts)
    if labels is None:
        return stored
    return replace(
        stored,
        ground_truth_timestamp=datetime.fromisoformat(labelled),
        ground_truth_data=msgspec.json.decode(labels),
    )


def _add(connection: sqlite3.Connection, model_id: str, row: NewInference) -> Outcome:
    key = (model_id, row.partner_inference_id)
    content = (row.inference_timestamp.isoformat(), _text(row.inference_data), row.batch_id)
    known = connection.execute(_FIND, key).fetchone()
    if known is not None and known != content:
        connection.execute(_COUNT_CONFLICT, key)
        return Outcome.CONFLICT
    if known is None:
        connection.execute(_ADD, (*content, *key))
    else:
        connection.execute(_COUNT_DUPLICATE, key)
    if row.ground_truth_timestamp is not None and row.ground_truth_data is not None:
        labels = GroundTruth(row.partner_inference_id, row.ground_truth_timestamp, row.ground_truth_data)
        _label(connection, model_id, labels)
    return Outcome.NEW if known is None else Outcome.DUPLICATE


def _label(connection: sqlite3.Connection, model_id: str, row: GroundTruth) -> bool:
    labels = (row.ground_truth_timestamp.isoformat(), _text(row.ground_truth_data))
    return connection.execute(_LABEL, (*labels, model_id, row.partner_inference_id)).rowcount == 1


def _text(values: dict[str, Any]) -> str:
    # Sorted, so that the order of names does not matter.
    return msgspec.json.encode(values, order="sorted").decode()


def _unusable(database: str | Path, error: sqlite3.Error) -> CommandError:
    return CommandError(f"{database} cannot be the monitor's database: {error}; name another file with --database")
