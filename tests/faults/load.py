"""Capture objects drawn by chance that repeats itself, each with what must become of it.

Expectations are written down while a line is drawn, so they share no code with what reads the line.
"""

import gzip
import random
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from capture_forwarder.domain.schema import Attribute, Stage, ValueType
from capture_ops.monitor.contract import Model
from tests.support.captures import capture, csv_side
from tests.support.sentinels import PAYLOAD

MODEL = Model(
    "churn",
    "churn",
    (
        Attribute("feature_0", Stage.PIPELINE_INPUT, ValueType.INTEGER, 0),
        Attribute("feature_1", Stage.PIPELINE_INPUT, ValueType.FLOAT, 1),
        Attribute("prediction_0", Stage.PREDICTED_VALUE, ValueType.FLOAT, 0),
    ),
)
PREFIX = "datacapture/churn/"
_PADDING = {"customAttributes": f"{PAYLOAD}{'x' * 400}"}

# Line, and index of the row or None for the whole line: where a rejection belongs within its object.
Place = tuple[int, int | None]


class CaptureLoad(Struct):
    """One capture object and what it must become: values and line by partner inference id, codes by place."""

    key: str
    lines: list[bytes] = field(default_factory=list)
    inferences: dict[str, dict[str, Any]] = field(default_factory=dict)
    line_of: dict[str, int] = field(default_factory=dict)
    rejections: dict[Place, str] = field(default_factory=dict)
    compressed: bool = False

    @property
    def body(self) -> bytes:
        """What lies in the bucket."""
        plain = b"".join(line + b"\n" for line in self.lines)
        return gzip.compress(plain, mtime=0) if self.compressed else plain


class Loads:
    """Draws one capture object after the other; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._drawn = 0

    def small(self) -> CaptureLoad:
        """Draw an object as SageMaker writes most: a few calls, one or two rows each."""
        return self._object(lines=self._chance.randint(1, 4), max_rows=2)

    def mixed(self) -> CaptureLoad:
        """Draw one of every kind, a big one now and then: it takes checkpoints, and several invocations."""
        kind = self._chance.choices(("small", "rows", "gzip", "big"), weights=(70, 18, 10, 2))[0]
        match kind:
            case "rows":
                return self._object(lines=self._chance.randint(10, 30), max_rows=8)
            case "gzip":
                return self._object(lines=self._chance.randint(20, 60), max_rows=3, compressed=True)
            case "big":
                return self.big()
        return self.small()

    def big(self) -> CaptureLoad:
        """Draw an object of a few MB, plain or gzip."""
        return self._object(lines=4000, max_rows=2, compressed=self._chance.random() < 0.5)

    def _object(self, *, lines: int, max_rows: int, compressed: bool = False) -> CaptureLoad:
        self._drawn += 1
        load = CaptureLoad(f"{PREFIX}AllTraffic/2026/01/15/10/{self._drawn:06d}.jsonl", compressed=compressed)
        for _ in range(lines):
            draw = self._chance.choices(_KINDS, weights=_WEIGHTS)[0]
            load.lines.append(draw(load, self._chance, max_rows))
        return load


def _call(load: CaptureLoad, chance: random.Random, max_rows: int, *, poison: bool = False) -> bytes:
    """Add one call to `load`; with `poison` the model's schema does not take one row of it."""
    event_id = f"{chance.getrandbits(128):032x}"
    count = chance.randint(1, max_rows)
    bad = chance.randrange(count) if poison else None
    inputs, outputs = [], []
    for index in range(count):
        values = (chance.randrange(1000), chance.randrange(1000) + 0.5, chance.randrange(1000) + 0.25)
        inputs.append(f"{values[0]},{PAYLOAD if index == bad else values[1]}")
        outputs.append(str(values[2]))
        if index == bad:
            load.rejections[len(load.lines) + 1, index] = "refused_by_destination"
        else:
            partner_id = f"{event_id}_{index}" if count > 1 else event_id
            names = ("feature_0", "feature_1", "prediction_0")
            load.inferences[partner_id] = dict(zip(names, values, strict=True))
            load.line_of[partner_id] = len(load.lines) + 1
    return _line(event_id, inputs, outputs)


def _poison(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    return _call(load, chance, max_rows, poison=True)


def _broken(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    whole = _call(CaptureLoad(""), chance, max_rows)
    load.rejections[len(load.lines) + 1, None] = "line_not_json"
    return whole[: chance.randrange(1, len(whole))]


def _unpaired(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    del max_rows
    load.rejections[len(load.lines) + 1, None] = "row_count_mismatch"
    return _line(f"{chance.getrandbits(128):032x}", ["1,1.5", "2,2.5"], ["0.5", "0.5", "0.5"])


def _blank(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    del load, chance, max_rows
    return b""


def _line(event_id: str, inputs: list[str], outputs: list[str]) -> bytes:
    return capture(csv_side("\n".join(inputs)), csv_side("\n".join(outputs)), eventId=event_id, **_PADDING)


_KINDS: tuple[Callable[[CaptureLoad, random.Random, int], bytes], ...] = (_call, _poison, _broken, _unpaired, _blank)
_WEIGHTS = (90, 4, 3, 2, 1)
