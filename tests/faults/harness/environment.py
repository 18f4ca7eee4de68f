"""Execution environments of Lambda: processes that run the handler, and that the clock of Lambda kills.

One parent process imports everything once, and forks an environment in milliseconds. Each environment builds its
runtime from the environment variables that it is given, as a cold start does.
"""

import atexit
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from math import inf
from pathlib import Path
from threading import Event, Lock
from typing import Any

from msgspec import Struct

from tests.faults.poller import configured_handler

_LINE_BYTES = 65_536
_START_SECS = 30.0
# A busy machine delays a process by so much: the clock kills it this late, and the handler does not know.
_LATE_SECS = 0.5
_CONTROL = 0  # the socket that is the standard input of the parent


class Result(Struct):
    """The end of one invocation: an answer, or the name of an error, or neither when the clock killed it.

    `peak_kb` is the most memory that the environment has taken; `secs` how long the invocation took.
    """

    secs: float
    answer: dict[str, Any] | None = None
    error: str | None = None
    peak_kb: int = 0

    @property
    def killed(self) -> bool:
        """Whether the process ended before it answered."""
        return self.answer is None and self.error is None


class Environment:
    """One process. It is stopped between invocations, as Lambda freezes it.

    `begun` is set as soon as an invocation has begun, and `busy` while one lasts. The time that the runtime takes to start
    does not count.
    """

    def __init__(self, variables: Mapping[str, str], log: Path) -> None:
        self.begun = Event()
        self.busy = False
        self._connection, theirs = socket.socketpair()
        with theirs:
            self.pid = _parent().fork(variables, log, theirs)
        self._is_ready = False
        self._paused = False
        self._late = False
        self._end = inf

    def invoke(self, event: Any, timeout_secs: float) -> Result:
        """Return how the handler ends; `timeout_secs` after the beginning the process is killed, unless it is paused.

        An answer that comes later is not accepted. Raises `AssertionError` if the runtime does not start.
        """
        self.signal(signal.SIGCONT)
        if not self._is_ready:
            self._end = time.monotonic() + _START_SECS
            assert self._line(), "the runtime does not start; see the log of the function"
            self._is_ready = True
        begun = time.monotonic()
        self._end = begun + timeout_secs + _LATE_SECS
        request = {"event": event, "end": begun + timeout_secs}
        with suppress(BrokenPipeError):  # it was killed before
            self._connection.sendall(json.dumps(request).encode() + b"\n")
        self.begun.set()
        self.busy = True
        line = self._line()
        self.busy = False
        secs = time.monotonic() - begun
        if not line or self._late:
            self.close()
            return Result(secs)
        self.signal(signal.SIGSTOP)
        return Result(secs, **json.loads(line))

    def pause(self) -> None:
        """Stop the process in the middle of an invocation; its clock does not kill it until it is resumed."""
        self._paused = True
        self.signal(signal.SIGSTOP)

    def resume(self, for_secs: float = 2.0) -> None:
        """Let a paused process go on, and kill it `for_secs` later; its answer is not accepted."""
        self._late = True
        self._end = time.monotonic() + for_secs
        self._paused = False
        self.signal(signal.SIGCONT)

    def close(self) -> None:
        """End the process."""
        self.signal(signal.SIGKILL)
        self._connection.close()

    def signal(self, which: signal.Signals) -> None:
        """Send a signal to the process, if it is still there."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, which)

    def _line(self) -> bytes:
        """Return a line of the process, or an empty one when it has ended or its time is up."""
        received = bytearray()
        while not received.endswith(b"\n"):
            left_secs = self._end - time.monotonic()
            if left_secs <= 0 and not self._paused:
                return b""
            self._connection.settimeout(max(0.01, min(0.1, left_secs)))
            try:
                piece = self._connection.recv(_LINE_BYTES)
            except TimeoutError:
                continue
            except ConnectionResetError:  # it was killed before it read its request
                return b""
            if not piece:
                return b""
            received += piece
        return bytes(received)


class _Parent:
    """The process that forks environments."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._lock = Lock()
        with theirs:
            command = [sys.executable, "-m", "tests.faults.harness.environment"]
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), start_new_session=True)  # noqa: S603 - our module
        self._control = ours
        atexit.register(self._end)

    def fork(self, variables: Mapping[str, str], log: Path, connection: socket.socket) -> int:
        """Fork an environment that is served by `connection`, and return its process id."""
        with self._lock:
            request = json.dumps({"variables": dict(variables), "log": str(log)}).encode() + b"\n"
            socket.send_fds(self._control, [request], [connection.fileno()])
            return int(self._control.recv(32))

    def _end(self) -> None:
        """End the parent and all of its environments, those that are stopped too."""
        self._control.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@cache
def _parent() -> _Parent:
    return _Parent()


def _serve(variables: dict[str, str], log: str, connection: socket.socket) -> None:
    """Build the runtime, and answer one event a line until the connection is closed."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(variables)
    handler = configured_handler()
    connection.sendall(b"ready\n")
    with connection.makefile("rb") as requests:
        for line in requests:
            request = json.loads(line)
            result: dict[str, Any] = {}
            try:
                result["answer"] = handler(request["event"], _Context(request["end"]))
            except Exception as error:  # noqa: BLE001 - Lambda reports whatever a handler raises
                traceback.print_exc()
                result["error"] = type(error).__name__
            result["peak_kb"] = _peak_kb()
            connection.sendall(json.dumps(result).encode() + b"\n")


class _Context:
    """Lambda's context object; `end` is a time of the clock that all processes share."""

    def __init__(self, end: float) -> None:
        self._end = end

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until this process is killed."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def _peak_kb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main() -> None:
    """Fork an environment for every line of the control socket until it is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(_CONTROL)) as control:
        while True:
            data, fds, _, _ = socket.recv_fds(control, _LINE_BYTES, 1)
            if not data:
                os.killpg(0, signal.SIGKILL)  # its own group: environments that are stopped would stay for ever
            while not data.endswith(b"\n"):
                data += control.recv(_LINE_BYTES)
            pid = os.fork()
            if not pid:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _serve(**json.loads(data), connection=socket.socket(fileno=fds[0]))
                os._exit(0)
            os.close(fds[0])
            control.sendall(str(pid).encode())


if __name__ == "__main__":
    main()
