"""Commands end at SIGINT and SIGTERM, also where their parent ignores SIGINT: `nohup make test &`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM)
END_SECS = 60


@pytest.fixture(autouse=True)
def ignored_interrupt() -> Iterator[None]:
    """Ignore SIGINT. Child processes inherit this."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a command, and kill it if the test fails."""
    command = [sys.executable, "-m", "capture_ops", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "MONITOR_TOKEN"}
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_until(process: "subprocess.Popen[str]", text: str) -> list[str]:
    """Return the lines that the process prints, up to one with `text`."""
    assert process.stdout is not None
    lines = [""]
    while text not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], "it ended before"
    return lines[1:]


def monitor_url(lines: list[str]) -> str:
    """Return the address that the monitor printed."""
    return next(word for word in lines[-1].split() if word.startswith("http"))


@pytest.mark.parametrize("number", SIGNALS)
def test_the_monitor_serves_until_a_signal(number: signal.Signals) -> None:
    """It prints its models, its token and its address, answers, and ends with 0."""
    with started("monitor", "--port", "0", "--model", "churn") as process:
        printed = lines_until(process, "until Ctrl-C")
        assert printed[0] == "models: churn\n"
        token = printed[1].removeprefix("token:").strip()
        request = Request(f"{monitor_url(printed)}/models/churn", headers={"Authorization": token})  # noqa: S310 - loopback
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        process.send_signal(number)
        assert process.wait(END_SECS) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_the_demo_keeps_its_monitor_until_a_signal(number: signal.Signals) -> None:
    """With --keep it ends with the code of the comparison, and its S3 ends with it."""
    with started("demo", "--keep") as process:
        lines_until(process, "until Ctrl-C")
        process.send_signal(number)
        assert process.wait(END_SECS) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_that_waits_for_aws_ends_at_a_signal(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 130, long before the client's own time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with started("inspect", "s3://bucket/key") as process:
            connection, _ = silent.accept()
            process.send_signal(number)
            assert process.wait(END_SECS) == 130
            connection.close()


def test_the_second_signal_ends_a_command_at_once() -> None:
    """Here it does not wait for the rest of a request that a sender has begun."""
    with started("monitor", "--port", "0") as process:
        address = urlsplit(monitor_url(lines_until(process, "until Ctrl-C")))
        with socket.create_connection((str(address.hostname), address.port or 0)) as sender:
            sender.sendall(b"GET /api/v3/users/me HTTP/1.1\r\n")
            process.send_signal(signal.SIGTERM)
            wait_until_refused(address.port or 0)
            process.send_signal(signal.SIGINT)
            assert process.wait(END_SECS) == -signal.SIGINT


def wait_until_refused(port: int) -> None:
    """Wait until a server has closed its port."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)
