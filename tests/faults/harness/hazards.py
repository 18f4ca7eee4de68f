"""Workers of one queue that are killed at any moment, or stopped until their leases are over."""

import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread

from tests.faults.harness.environment import Environment
from tests.faults.harness.function import Worker

# A lease lasts until 10 s after the kill time of its invocation.
LEASE_SECS = 10.0
_LOOK_SECS = 0.05


class Hazards:
    """Two workers at once, each ended after a random time, `count` times in all. A share of them is stopped.

    A worker that is stopped goes on after its leases are over, while others work. `ended` counts the workers that were
    killed or stopped, `killed_during_call` the ends that came while the handler was at work.
    """

    def __init__(
        self,
        queue_url: str,
        variables: Callable[[], Mapping[str, str]],
        log: Path,
        *,
        timeout_secs: float,
        chance: random.Random,
    ) -> None:
        self.ended = 0
        self.killed_during_call = 0
        self.stopped = 0
        self.workers: list[Worker] = []
        self._queue_url = queue_url
        self._variables = variables
        self._log = log
        self._timeout_secs = timeout_secs
        self._chance = chance
        self._stopped: list[Thread] = []
        self._living: list[Thread] = []
        self._done = Event()
        self._failures: list[BaseException] = []

    def endure(self, count: int, *, longest_life_secs: float, stopped_share: float, lanes: int = 2) -> None:
        """Let `lanes` workers live at once until `count` have been killed or stopped. Raises the error of a worker."""
        lives = [
            (self._chance.uniform(0, longest_life_secs), self._chance.random() < stopped_share) for _ in range(count)
        ]
        self.ended += count
        threads = [Thread(target=self._lane, args=(lives[lane::lanes],), name="lane") for lane in range(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._check()

    def kill_when(self, sign: Callable[[], bool]) -> None:
        """Let one worker live until `sign` or the end of its invocation, and kill it. Raises the error of a worker."""
        worker, thread = self._born()
        while thread.is_alive() and not sign():
            time.sleep(0.001)
        self._kill(worker, thread)
        self.ended += 1
        self._check()

    def begin(self, *, lanes: int = 2) -> None:
        """Let `lanes` workers live until `finish` or `end`."""
        for _ in range(lanes):
            self._living.append(Thread(target=self._live, args=(self._worker(),), name="lane"))
            self._living[-1].start()

    def stop_one(self) -> bool:
        """Stop a worker in the middle of an invocation, and return whether there was one; it goes on after its leases."""
        busy = [each.environment for each in self.workers if each.environment and each.environment.busy]
        if busy:
            self._pause(self._chance.choice(busy))
        return bool(busy)

    def finish(self, waiting: Callable[[], int], *, within_secs: float) -> None:
        """Wait until no message is left, and all workers that were stopped have gone on. Raises the error of a worker."""
        end = time.monotonic() + within_secs
        while (left := waiting()) or any(thread.is_alive() for thread in self._stopped):
            assert time.monotonic() < end, f"{left} messages are left after {within_secs} seconds"
            self._check()
            time.sleep(_LOOK_SECS)
        self.end()
        self._check()

    def end(self) -> None:
        """End every thread and every process."""
        self._done.set()
        for thread in self._living:
            thread.join()
        for worker in self.workers:
            worker.end()

    @property
    def invocations(self) -> int:
        """How many invocations there were."""
        return sum(len(worker.invocations) for worker in self.workers)

    def _worker(self) -> Worker:
        worker = Worker(self._queue_url, self._variables, self._log, timeout_secs=self._timeout_secs)
        self.workers.append(worker)
        return worker

    def _lane(self, lives: list[tuple[float, bool]]) -> None:
        for secs, stopped in lives:
            worker, thread = self._born()
            time.sleep(secs)
            if stopped:
                self._stop(worker, thread)
            else:
                self._kill(worker, thread)

    def _born(self) -> tuple[Worker, Thread]:
        """Return a worker whose first invocation has begun, and the thread that ends with it."""
        worker = self._worker()
        thread = Thread(target=self._until_worked, args=(worker,), name="life")
        thread.start()
        while not (worker.environment and worker.environment.begun.wait(_LOOK_SECS)) and thread.is_alive():
            time.sleep(0.005)
        return worker, thread

    def _kill(self, worker: Worker, thread: Thread) -> None:
        self.killed_during_call += thread.is_alive()
        if environment := worker.environment:
            environment.signal(signal.SIGKILL)
        thread.join()
        worker.end()

    def _stop(self, worker: Worker, thread: Thread) -> None:
        """Stop a worker; its thread ends after it went on."""
        environment = worker.environment
        if environment and thread.is_alive():
            self._pause(environment)
        else:
            worker.end()

    def _pause(self, environment: Environment) -> None:
        """Stop an environment, and let it go on after its leases."""
        environment.pause()
        self.stopped += 1
        after_secs = self._timeout_secs + LEASE_SECS + self._chance.uniform(0, 2)

        def resume() -> None:
            time.sleep(after_secs)
            environment.resume()

        self._stopped.append(Thread(target=resume, name="stopped"))
        self._stopped[-1].start()

    def _until_worked(self, worker: Worker) -> None:
        """Poll until there was an invocation."""
        try:
            while worker.poll() is None:
                time.sleep(_LOOK_SECS)
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self._failures.append(error)

    def _live(self, worker: Worker) -> None:
        try:
            while not self._done.is_set():
                if worker.poll() is None:
                    time.sleep(_LOOK_SECS)
        except BaseException as error:  # noqa: BLE001 - as above
            self._failures.append(error)

    def _check(self) -> None:
        if self._failures:
            raise self._failures[0]
