"""Many small capture objects through the queue, while a tenth of all requests fails in ten ways.

`python -m tests.faults.soak` is the long form, of 20,000 objects.
"""

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from tests.faults.flaky import Script, Way, flaky
from tests.faults.load import Loads
from tests.faults.worker import Nursery, nursery
from tests.faults.world import World, running_world

SEED = 20260116
SHARE = 0.1
BACKLOG = 60
MAX_INFERENCES = 5
WORKERS = 2
_AT_ONCE = 20
_TOLD_OF_EVERY = 1000


class Soaked(Struct, frozen=True, kw_only=True):
    """What was measured; memory is the most that each worker had taken, in kB, by each of its invocations."""

    secs: float
    objects: int
    inferences: int
    rejections: int
    sent_again: int
    requests: int
    failures: dict[Way, int]
    peaks_kb: list[list[int]]

    @property
    def growth_kb(self) -> int:
        """How much memory a worker took after the first tenth of its invocations, at most."""
        return max(peaks[-1] - peaks[len(peaks) // 10] for peaks in self.peaks_kb)

    def __str__(self) -> str:
        ways = "\n".join(f"  {count:5} {way}" for way, count in sorted(self.failures.items()))
        memory = "; ".join(f"{peaks[len(peaks) // 10] / 1024:.1f}, {peaks[-1] / 1024:.1f}" for peaks in self.peaks_kb)
        return (
            f"{self.objects} objects in {sum(map(len, self.peaks_kb))} invocations and {self.secs:.0f} s: "
            f"{self.inferences} inferences, {self.rejections} rejections\n"
            f"{self.requests} requests, {sum(self.failures.values())} failed:\n{ways}\n"
            f"{self.sent_again} rows sent again\n"
            f"peak memory of each worker after a tenth of its invocations, and at the end, in MB: {memory}"
        )


def soak(objects: int, folder: Path) -> Soaked:
    """Forward so many objects and assert that all is where it must be."""
    started = time.monotonic()
    script = Script(SEED, SHARE)
    with running_world(folder, visibility_secs=60, max_receives=5) as world, flaky(world.monitor.url, script) as url:
        world.configure(url, checkpoint_secs=20, max_inferences=MAX_INFERENCES, max_in_flight=8)
        with ExitStack() as stack:
            entered = (nursery(world.queue, timeout_secs=30, log=world.log) for _ in range(WORKERS))
            workers = [stack.enter_context(one) for one in entered]
            _feed_and_drain(world, workers, objects)
            peaks_kb = [_peaks_kb(one) for one in workers]
        secs = time.monotonic() - started
        world.check()
        return Soaked(
            secs=secs,
            objects=world.objects,
            inferences=len(world.inferences),
            rejections=len(world.rejections),
            sent_again=sum(times - 1 for times in world.times_received().values()),
            requests=script.requests,
            failures=dict(script.failures),
            peaks_kb=peaks_kb,
        )


def _feed_and_drain(world: World, workers: list[Nursery], objects: int) -> None:
    """Keep the queue filled until all is offered, and wait until it is empty."""
    loads = Loads(SEED)
    for one in workers:
        one.start()
    for offered in range(0, objects, _AT_ONCE):
        while world.waiting() > BACKLOG:
            time.sleep(0.05)
        world.offer([loads.small()] for _ in range(min(_AT_ONCE, objects - offered)))
        if offered % _TOLD_OF_EVERY == 0:
            print(f"{offered} of {objects} objects offered", flush=True)
    deadline = time.monotonic() + 180
    while world.waiting():
        assert time.monotonic() < deadline, f"{world.waiting()} messages still wait"
        time.sleep(0.1)


def _peaks_kb(worker: Nursery) -> list[int]:
    """End a worker and return how much memory it had taken after each invocation."""
    told = worker.kill(signal.SIGTERM)
    assert told[-1] == ("gone", 0)
    return [number for word, number in told if word == "peak"]


def main() -> None:
    """Print what was measured; `python -m tests.faults.soak [OBJECTS]`."""
    with TemporaryDirectory() as folder:
        print(soak(int(sys.argv[1]) if sys.argv[1:] else 20_000, Path(folder)))


if __name__ == "__main__":
    main()
