"""Opens a page in Chromium without a window, by the DevTools protocol over two pipes.

https://chromedevtools.github.io/devtools-protocol/ . Pipes need no port and no library, and every build of Chromium has
them; not every build has the options `--screenshot` and `--dump-dom`.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from capture_ops.terminal.errors import CommandError, ExitCode

CHROMIUM_VARIABLE = "CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "google-chrome-stable", "chrome")
_PATIENCE_SECS = 60.0
# Chromium asks no server for anything. Root has no sandbox in it; the page is our own file, and has no script.
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
_ENDED = f"Chromium ended, or does not answer; run the program that {CHROMIUM_VARIABLE} names by hand to see why"
_CHUNK_BYTES = 1 << 16


def find_chromium() -> str | None:
    """Return the path of Chromium: the one that the variable CHROMIUM names, or one on the path."""
    if named := os.environ.get(CHROMIUM_VARIABLE):
        return named
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Page:
    """One page of a running Chromium."""

    def __init__(self, commands: int, answers: int) -> None:
        """Take the descriptors to write commands to and to read answers from."""
        self._commands = commands
        self._answers = answers
        self._buffer = b""
        self._last_id = 0
        self._session: str | None = None
        self.requested: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Open an address and wait until it is loaded. `requested` lists all addresses that the page asks for."""
        self.call("Page.navigate", url=address)
        while self._message().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def screenshot(self) -> bytes:
        """Return a PNG of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(taken["data"])

    def call(self, method: str, **parameters: Any) -> Any:
        """Return the result of one command. Raises `CommandError` if Chromium refuses it or does not answer."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        try:
            os.write(self._commands, json.dumps(command | session).encode() + b"\0")
        except BrokenPipeError as error:
            raise CommandError(_ENDED, ExitCode.UNAVAILABLE) from error
        while (message := self._message()).get("id") != self._last_id:
            pass
        if "result" not in message:
            raise CommandError(f"Chromium refuses {method}: {message.get('error')}", ExitCode.UNAVAILABLE)
        return message["result"]

    def _message(self) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_SECS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(self._answers, _CHUNK_BYTES) if ready else b""
            if not chunk:
                raise CommandError(_ENDED, ExitCode.UNAVAILABLE)
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if message.get("method") == "Network.requestWillBeSent":
            self.requested.append(message["params"]["request"]["url"])
        return message


@contextmanager
def opened(executable: str, width: int) -> Iterator[Page]:
    """Run Chromium and return a page of `width` pixels. Raises `CommandError` if it cannot be started."""
    command_read, command_write = os.pipe()
    answer_read, answer_write = os.pipe()
    with TemporaryDirectory(prefix="capture-forwarder-chromium-", ignore_cleanup_errors=True) as profile:
        own = (f"--user-data-dir={profile}", f"--window-size={width},900", "about:blank")
        arguments = [executable, *_OPTIONS, *own]
        try:
            process = _started(arguments, command_read, answer_write)
        except OSError as error:
            raise CommandError(
                f"{executable}: {error.strerror}; install Chromium, or name it by {CHROMIUM_VARIABLE}"
            ) from error
        finally:
            os.close(command_read)
            os.close(answer_write)
        try:
            yield Page(command_write, answer_read)
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(command_write)
            os.close(answer_read)


def _started(arguments: list[str], commands: int, answers: int) -> int:
    """Start Chromium, which reads commands from descriptor 3 and writes answers to 4, and return its process id.

    The pipes move above these numbers first, because one of them may have such a number.
    """
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (commands, answers)]
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, moved[0], 3),
        (os.POSIX_SPAWN_DUP2, moved[1], 4),
    ]
    try:
        return os.posix_spawn(arguments[0], arguments, os.environ, file_actions=actions)
    finally:
        for each in moved:
            os.close(each)


def write_png(page: Page, html: Path) -> Path:
    """Write the picture of a page beside it, and return its path."""
    page.open(html.absolute().as_uri())
    png = html.with_suffix(".png")
    png.write_bytes(page.screenshot())
    return png
