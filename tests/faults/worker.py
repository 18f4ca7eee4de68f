"""The function in a process of its own, which a test can kill and start again within milliseconds.

A supervisor process imports everything and configures the function once. Then it forks a worker for each command: the
second that imports take is spent once, and each worker starts as fresh as an execution environment of Lambda.
"""

import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

from tests.faults.poller import Poller, configured_handler

_MESSAGE_SECS = 60.0
_STDIN = 0

# A word and a number.
Message = tuple[str, int]


class Supervisor:
    """Starts workers, one at a time, and receives their messages.

    `begin N` and `end N`: the handler was called with N messages of the queue, and has returned; `received N`: the
    highest receive count of these; `peak N`: the most memory, in kB, that the worker has taken so far; `gone N`: the
    worker ended with status N.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: Queue[str] = Queue()
        self._pid = 0
        self._reader = Thread(target=self._read, name="supervisor")
        self._reader.start()

    def start(self) -> None:
        """Start a worker."""
        assert self._process.stdin is not None
        self._process.stdin.write("start\n")
        self._process.stdin.flush()
        self._pid = self.wait_for("pid")

    def wait_for(self, word: str) -> int:
        """Return the number of the next message with `word`, and drop the messages before it."""
        return list(self.until(word))[-1][1]

    def until(self, word: str) -> Iterator[Message]:
        """Yield messages up to one with `word`, which is the last."""
        found = ""
        while found != word:
            found, _, number = self._lines.get(timeout=_MESSAGE_SECS).partition(" ")
            assert found != "closed", "the supervisor has ended; see its log"
            yield found, int(number)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> list[Message]:
        """End the worker and return its last messages, the status at the end; it is minus the signal."""
        os.kill(self._pid, how)
        return list(self.until("gone"))

    def join(self) -> None:
        """Wait until all messages are read, after the process has ended."""
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("closed 0")


@contextmanager
def running_supervisor(queue_url: str, *, timeout_secs: float, log: Path) -> Iterator[Supervisor]:
    """Run a supervisor of a function of `timeout_secs` on the queue. The output of workers goes to the file `log`.

    The function is configured by the environment, as it is in Lambda.
    """
    command = [sys.executable, "-m", "tests.faults.worker", queue_url, str(timeout_secs), str(log)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        supervisor = Supervisor(process)
        try:
            yield supervisor
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # a worker that is still alive as well
            supervisor.join()


class _Worker:
    """Polls until it is killed, gets SIGTERM, or the test process has ended."""

    def __init__(self, poller: Poller, timeout_secs: float, output: int) -> None:
        self._poller = poller
        self._timeout_secs = timeout_secs
        self._output = output
        self._ending = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        while not (self._ending or _is_closed(_STDIN)):
            if messages := self._poller.receive():
                self._send("received", max(int(each["Attributes"]["ApproximateReceiveCount"]) for each in messages))
                self._send("begin", len(messages))
                failed = self._poller.handle(messages, self._timeout_secs)
                self._send("end", len(messages))
                self._poller.delete(messages, failed)
                self._send("peak", _peak_kb())

    def _send(self, word: str, number: int) -> None:
        send(self._output, word, number)

    def _end(self, *_: object) -> None:
        self._ending = True


def _is_closed(pipe: int) -> bool:
    """Tell whether the process at the other end of a pipe has closed it or has ended."""
    poll = select.poll()
    poll.register(pipe, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _peak_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def send(output: int, word: str, number: int) -> None:
    """Write one message by one system call, so that a kill never leaves half of it."""
    os.write(output, f"{word} {number}\n".encode())


def main(queue_url: str, timeout_secs: str, log: str) -> None:
    """Fork a worker for every line of stdin and report its end; return when stdin is closed."""
    output = os.dup(1)
    log_file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log_file, 1)
    os.dup2(log_file, 2)
    worker = _Worker(Poller(queue_url, configured_handler()), float(timeout_secs), output)
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            worker.run()
            return
        send(output, "pid", pid)
        _, status = os.waitpid(pid, 0)
        send(output, "gone", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
