"""The function in a process of its own, that can be killed and is up again within milliseconds.

A nursery process imports everything and configures the function once, then forks a worker whenever it is asked: what
costs a second happens once, and each worker starts as fresh as an execution environment of Lambda.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

_ANSWER_SECS = 60.0


class Nursery:
    """Starts workers, one at a time, and hears what they tell: a word and a number a line.

    `begin N` and `end N`: the function was called with, or is through with, N messages; `received N`: the highest
    receive count of its messages; `peak N`: the most memory, in kB, that the worker has taken so far; `gone N`: the
    worker ended with status N.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._told: Queue[str] = Queue()
        self._pid = 0
        self._listener = Thread(target=self._listen, name="nursery")
        self._listener.start()

    def start(self) -> None:
        """Start a worker."""
        assert self._process.stdin is not None
        self._process.stdin.write("start\n")
        self._process.stdin.flush()
        self._pid = self.wait_for("pid")

    def wait_for(self, word: str) -> int:
        """Return the number of the next line that begins with `word`, passing over others."""
        return next(number for found, number in self.until(word) if found == word)

    def until(self, word: str) -> Iterator[tuple[str, int]]:
        """Yield what is told up to a line that begins with `word`."""
        found = ""
        while found != word:
            found, _, number = self._told.get(timeout=_ANSWER_SECS).partition(" ")
            assert found != "closed", "the nursery has ended; see its log"
            yield found, int(number)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> list[tuple[str, int]]:
        """End the worker and return what it still told; the last is its status, which is minus the signal."""
        os.kill(self._pid, how)
        return list(self.until("gone"))

    def join(self) -> None:
        """Wait until nothing more is told."""
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told.put(line.strip())
        self._told.put("closed 0")


@contextmanager
def nursery(queue_url: str, *, timeout_secs: float, log: Path) -> Iterator[Nursery]:
    """Run a nursery for a function of `timeout_secs` on the queue; what workers write to stdout and stderr is in `log`.

    The function is configured by the environment, as it is in Lambda.
    """
    command = [sys.executable, "-m", "tests.faults.worker", queue_url, str(timeout_secs), str(log)]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        running = Nursery(process)
        try:
            yield running
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # a worker that still lives as well
            running.join()


class _Worker:
    """Polls until it is told to end, or killed."""

    def __init__(self, queue_url: str, timeout_secs: float, told: int) -> None:
        # Imported here: the test process needs the nursery's handle alone.
        from capture_forwarder.entry import lambda_handler  # noqa: PLC0415 - see above; it configures the function
        from tests.faults.poller import Poller  # noqa: PLC0415 - see above

        self._poller = Poller(queue_url, lambda_handler, timeout_secs)
        self._told = told
        self._ending = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        while not self._ending:
            if messages := self._poller.receive():
                self._tell("received", max(int(each["Attributes"]["ApproximateReceiveCount"]) for each in messages))
                self._tell("begin", len(messages))
                answer = self._poller.handle(messages)
                self._tell("end", len(messages))
                self._poller.delete(messages, answer)
                self._tell("peak", _peak_kb())

    def _tell(self, word: str, number: int) -> None:
        tell(self._told, word, number)

    def _end(self, *_: object) -> None:
        self._ending = True


def _peak_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def tell(told: int, word: str, number: int) -> None:
    """Write one line at once, so that no kill leaves half of it."""
    os.write(told, f"{word} {number}\n".encode())


def main(queue_url: str, timeout_secs: str, log: str) -> None:
    """Fork a worker for every line of stdin and tell of its end."""
    told = os.dup(1)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    worker = _Worker(queue_url, float(timeout_secs), told)
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            worker.run()
            return
        tell(told, "pid", pid)
        _, status = os.waitpid(pid, 0)
        tell(told, "gone", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
