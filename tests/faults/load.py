"""Capture objects drawn from a seed, each with the rows and rejections that must come of it.

Expectations are written down while a line is drawn, so they share no code with the reader of the line.
"""

import gzip
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct, field

from tests.faults.harness.entries import entries
from tests.faults.poller import MAX_MESSAGES
from tests.support.captures import capture, csv_side
from tests.support.sentinels import PAYLOAD, has_sentinel
from tests.worlds import BUCKET, World

_PADDING = {"customAttributes": f"{PAYLOAD}{'x' * 400}"}

_THIRD_SHARE = 0.05  # of all events, those that come a third time

# Line, and index of the row or None for the whole line: the place of a rejection within its object.
Place = tuple[int, int | None]


class CaptureLoad(Struct):
    """One capture object and its expectations: values and line by partner inference id, codes by place."""

    name: str
    wrong_type_code: str = ""
    lines: list[bytes] = field(default_factory=list)
    inferences: dict[str, dict[str, Any]] = field(default_factory=dict)
    line_of: dict[str, int] = field(default_factory=dict)
    rejections: dict[Place, str] = field(default_factory=dict)
    compressed: bool = False

    @property
    def body(self) -> bytes:
        """The content of the object in the bucket."""
        plain = b"".join(line + b"\n" for line in self.lines)
        return gzip.compress(plain, mtime=0) if self.compressed else plain


class Loads:
    """Draws capture objects; the same seed draws the same ones."""

    def __init__(self, seed: int, wrong_type_code: str) -> None:
        self._chance = random.Random(seed)
        self._wrong_type_code = wrong_type_code
        self._drawn = 0

    def small(self) -> CaptureLoad:
        """Draw an object as SageMaker writes most: a few calls of one or two rows each."""
        return self._object(lines=self._chance.randint(1, 4), max_rows=2)

    def mixed(self) -> CaptureLoad:
        """Draw an object of any kind. Two in a hundred are big: they take checkpoints and several invocations."""
        kind = self._chance.choices(("small", "rows", "gzip", "big"), weights=(70, 18, 10, 2))[0]
        match kind:
            case "rows":
                return self._object(lines=self._chance.randint(10, 30), max_rows=8)
            case "gzip":
                return self._object(lines=self._chance.randint(20, 60), max_rows=3, compressed=True)
            case "big":
                return self.big()
            case _:
                return self.small()

    def big(self) -> CaptureLoad:
        """Draw an object of a few MB, plain or gzip."""
        return self._object(lines=4000, max_rows=2, compressed=self._chance.random() < 0.5)

    def _object(self, *, lines: int, max_rows: int, compressed: bool = False) -> CaptureLoad:
        self._drawn += 1
        name = f"AllTraffic/2026/01/15/10/{self._drawn:06d}"
        load = CaptureLoad(name, self._wrong_type_code, compressed=compressed)
        for _ in range(lines):
            draw = self._chance.choices(_KINDS, weights=_WEIGHTS)[0]
            load.lines.append(draw(load, self._chance, max_rows))
        return load


def _call(load: CaptureLoad, chance: random.Random, max_rows: int, *, wrong_type: bool = False) -> bytes:
    """Add one call to `load`; with `wrong_type` one of its rows does not fit the model's attributes."""
    event_id = f"{chance.getrandbits(128):032x}"
    count = chance.randint(1, max_rows)
    wrong = chance.randrange(count) if wrong_type else None
    inputs, outputs = [], []
    for index in range(count):
        values = (chance.randrange(1000), chance.randrange(1000) + 0.5, PAYLOAD, chance.randrange(1000) + 0.25)
        inputs.append(f"{values[0]},{PAYLOAD if index == wrong else values[1]},{PAYLOAD}")
        outputs.append(str(values[3]))
        if index == wrong:
            load.rejections[len(load.lines) + 1, index] = load.wrong_type_code
        else:
            partner_id = f"{event_id}_{index}" if count > 1 else event_id
            names = ("feature_0", "feature_1", "feature_2", "prediction_0")
            load.inferences[partner_id] = dict(zip(names, values, strict=True))
            load.line_of[partner_id] = len(load.lines) + 1
    return _line(event_id, inputs, outputs)


def _wrong_type(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    return _call(load, chance, max_rows, wrong_type=True)


def _broken(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    whole = _call(CaptureLoad(""), chance, max_rows)
    load.rejections[len(load.lines) + 1, None] = "line_not_json"
    return whole[: chance.randrange(1, len(whole))]


def _unpaired(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    del max_rows
    load.rejections[len(load.lines) + 1, None] = "row_count_mismatch"
    return _line(f"{chance.getrandbits(128):032x}", ["1,1.5,a", "2,2.5,b"], ["0.5", "0.5", "0.5"])


def _blank(load: CaptureLoad, chance: random.Random, max_rows: int) -> bytes:
    del load, chance, max_rows
    return b""


def _line(event_id: str, inputs: list[str], outputs: list[str]) -> bytes:
    return capture(csv_side("\n".join(inputs)), csv_side("\n".join(outputs)), eventId=event_id, **_PADDING)


_KINDS: tuple[Callable[[CaptureLoad, random.Random, int], bytes], ...] = (
    _call,
    _wrong_type,
    _broken,
    _unpaired,
    _blank,
)
_WEIGHTS = (90, 4, 3, 2, 1)


class Offered:
    """The capture objects that were offered to a world, and the check that each came to what it must."""

    def __init__(self, world: World, *, duplicates: random.Random | None = None) -> None:
        self.objects = 0
        self.inferences: dict[str, dict[str, Any]] = {}
        self.rejections: Counter[tuple[str, int, int | None, str]] = Counter()
        self._world = world
        self._duplicates = duplicates
        self._line_of: dict[str, dict[str, int]] = {}

    def offer(self, messages: Iterable[Iterable[CaptureLoad]]) -> None:
        """Put capture objects into the bucket, and send messages that each name some of them.

        With `duplicates` every message is sent twice, and one in twenty a third time. The second time comes when one
        worker has received a batch, so that another one works on the same objects at the same time.
        """
        bodies = [{"Records": [self._put(load) for load in loads]} for loads in messages]
        for start in range(0, len(bodies), MAX_MESSAGES):
            some = bodies[start : start + MAX_MESSAGES]
            self._world.send(*some)
            if self._duplicates:
                self._world.send(*some)
                self._world.send(*(body for body in some if self._duplicates.random() < _THIRD_SHARE))

    def _put(self, load: CaptureLoad) -> dict[str, Any]:
        item = self._world.put(load.name, body=load.body)
        self.objects += 1
        self.inferences |= load.inferences
        self._line_of[f"{BUCKET}/{item['key']}#{item['etag']}"] = load.line_of
        self.rejections.update((item["key"], *place, code) for place, code in load.rejections.items())
        found = {"key": quote_plus(item["key"]), "eTag": item["etag"], "size": item["size"]}
        return {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": found}}

    def committed(self) -> set[str]:
        """Return the inferences that are committed by progress, so that they must not be sent again."""
        return {
            partner_id
            for saved in self._world.progress()
            for partner_id, line in self._line_of[saved.object_state].items()
            if saved.done or line <= saved.lines
        }

    def check(self, log: str) -> None:
        """Assert that every row and rejection is where it must be, and nowhere else; `log` is the function's."""
        world = self._world
        _check_same(world.stored(), self.inferences, "monitor")
        assert world.conflicts() == 0
        quarantined = Counter((each.key, each.line, each.index, each.code) for each in entries())
        _check_same(quarantined, self.rejections, "quarantine")
        assert world.waiting() == world.waiting(world.dead_letters) == 0
        items = world.progress()
        assert len(items) == self.objects
        assert all(item.done for item in items)
        assert '"balanced":true' in log
        assert '"balanced":false' not in log
        assert '"state":"failed"' not in log
        assert "Traceback" not in log
        assert not has_sentinel(log)


def _check_same(found: Mapping[Any, Any], expected: Mapping[Any, Any], where: str) -> None:
    wrong = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    shown = [f"{key}: {found.get(key)} instead of {expected.get(key)}" for key in wrong[:5]]
    assert not wrong, f"{where}: {len(wrong)} of {len(expected)} are wrong, such as {shown}"
