"""Many small capture objects through the queue, while a tenth of all requests fails in ten ways.

Every event is sent twice, and one in twenty a third time, so that two workers meet on every object. Now and then a
worker is stopped until its leases are over, and goes on.

`python -m tests.faults.soak [OBJECTS]` is the long form: 20,000 objects without a schema, and 20,000 with the model's.
"""

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from capture_ops.terminal.interruption import end_on_signals
from tests.faults.flaky import Failure, Script, flaky
from tests.faults.harness.hazards import Hazards
from tests.faults.load import Loads, Offered
from tests.worlds import BOTH_PATHS, Schema, World, eventually, running_world

SEED = 20260116
SHARE = 0.1
# A worker reads its model's attributes once in fifteen minutes, so more of these few requests fail.
READ_SHARE = 0.5
BACKLOG = 60
MAX_INFERENCES = 5
WORKERS = 2
TIMEOUT_SECS = 5.0
STOP_EVERY_SECS = 10.0
_AT_ONCE = 20
_PROGRESS_EVERY = 1000


class Soaked(Struct, frozen=True, kw_only=True):
    """The measured figures; `peaks_kb` is the most memory that each worker had taken by each of its invocations."""

    schema: Schema
    secs: float
    objects: int
    inferences: int
    rejections: int
    sent_again: int
    stops: int
    requests: Counter[str]
    failures: Counter[tuple[str, Failure]]
    peaks_kb: list[list[int]]

    @property
    def growth_kb(self) -> int:
        """The most memory that a worker took after the first tenth of its invocations."""
        return max(peaks[-1] - peaks[len(peaks) // 10] for peaks in self.peaks_kb)

    def __str__(self) -> str:
        ways = "\n".join(f"  {count:5} {method} {how}" for (method, how), count in sorted(self.failures.items()))
        memory = "; ".join(f"{peaks[len(peaks) // 10] / 1024:.1f}, {peaks[-1] / 1024:.1f}" for peaks in self.peaks_kb)
        return (
            f"schema {self.schema}: {self.objects} objects in {sum(map(len, self.peaks_kb))} invocations and "
            f"{self.secs:.0f} s: {self.inferences} inferences, {self.rejections} rejections\n"
            f"{self.requests.total()} requests, {self.failures.total()} failed:\n{ways}\n"
            f"{self.sent_again} rows sent again, with {self.stops} stops of a worker\n"
            f"peak memory of each worker after a tenth of its invocations, and at the end, in MB: {memory}"
        )


def soak(objects: int, schema: Schema, folder: Path) -> Soaked:
    """Forward so many objects and assert that everything is where it must be."""
    started = time.monotonic()
    script, log = Script(SEED, SHARE, READ_SHARE), folder / "worker.log"
    with (
        running_world(folder, schema, visibility_secs=60, max_receives=100) as world,
        flaky(world.monitor.url, script) as url,
    ):
        world.configure(url, max_inferences=MAX_INFERENCES)
        chance = random.Random(SEED)
        offered = Offered(world, duplicates=chance)
        hazards = Hazards(world.queue, lambda: dict(os.environ), log, timeout_secs=TIMEOUT_SECS, chance=chance)
        try:
            _feed_and_drain(world, offered, hazards, objects)
        finally:
            hazards.end()
        secs = time.monotonic() - started
        offered.check(log.read_text(encoding="utf-8"))
        return Soaked(
            schema=schema,
            secs=secs,
            objects=offered.objects,
            inferences=len(offered.inferences),
            rejections=offered.rejections.total(),
            sent_again=sum(times - 1 for times in world.times_received().values()),
            requests=script.requests,
            failures=script.failures,
            # A worker that was started at the end has no invocations.
            peaks_kb=[
                peaks
                for one in hazards.workers
                if (peaks := [each.result.peak_kb for each in one.invocations if each.result.answer])
            ],
            stops=hazards.stopped,
        )


def _feed_and_drain(world: World, offered: Offered, hazards: Hazards, objects: int) -> None:
    """Keep the queue filled until all objects are offered, and wait until it is empty."""
    loads = Loads(SEED, world.schema.wrong_type_code)
    hazards.begin(lanes=WORKERS)
    stop_at = 0.0
    for number in range(0, objects, _AT_ONCE):
        eventually(lambda: world.waiting() <= BACKLOG, wanted=True, every_secs=0.05)
        offered.offer([loads.small()] for _ in range(min(_AT_ONCE, objects - number)))
        if time.monotonic() > stop_at and hazards.stop_one():
            stop_at = time.monotonic() + STOP_EVERY_SECS
        if number % _PROGRESS_EVERY == 0:
            print(f"{number} of {objects} objects offered", flush=True)
    hazards.finish(world.waiting, within_secs=180)


def main() -> None:
    """Print the figures without a schema and with one."""
    for schema in BOTH_PATHS:
        with TemporaryDirectory() as folder:
            print(soak(int(sys.argv[1]) if sys.argv[1:] else 20_000, schema, Path(folder)), flush=True)


if __name__ == "__main__":
    end_on_signals()
    main()
