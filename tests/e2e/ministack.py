"""AWS on loopback, up and down again: ministack with IAM enforced and TLS, which really runs the function.

It has an own environment, .venv-e2e, which the Makefile makes: functions run in its interpreter, and can import all
that is installed there.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import requests
from msgspec import Struct

from tests.e2e.tls import write_certificate

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
_EXECUTABLE = Path(__file__).parents[2] / ".venv-e2e" / "bin" / "ministack"
_START_SECS = 30
# The shell reads until this process closes the pipe or ends, and then ends its whole group: emulator and functions.
_GUARDED = '("$0"; kill -KILL 0) & read -r _; kill -KILL 0'


class Emulator(Struct, frozen=True):
    """A running emulator: the variables with which clients and `cdk` find it, and its log."""

    environment: Mapping[str, str]
    log: Path


@contextmanager
def running_ministack(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Emulator]:
    """Serve AWS on a free port of 127.0.0.1 until the block is left; its state is in `folder`.

    `variables` are further ones for clients and functions, such as the address of another server for one service.
    """
    certificate = write_certificate(folder)
    port = _free_port()
    clients = {
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
        "AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{port}",  # otherwise the CLI puts the bucket's name before the host's
        "AWS_ACCESS_KEY_ID": "test",  # the account's root, to whom everything is allowed
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CA_BUNDLE": str(certificate.path),
        "AWS_EC2_METADATA_DISABLED": "true",
        **(variables or {}),
    }
    server = {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.path),
        "MINISTACK_SSL_KEY": str(certificate.key_path),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder),
    }
    log = folder / "ministack.log"
    with _process(_inherited() | clients | server, log) as process:
        _wait(process, clients["AWS_ENDPOINT_URL"], certificate.path, log)
        yield Emulator(clients | {"NODE_EXTRA_CA_CERTS": str(certificate.path)}, log)


def _inherited() -> dict[str, str]:
    """Return the variables that every process needs. The function must not see those of the project."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _process(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    if not _EXECUTABLE.exists():
        raise FileNotFoundError(f"{_EXECUTABLE} is not there; `make e2e` makes it")
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own command
            ["/bin/sh", "-c", _GUARDED, _EXECUTABLE],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the emulator and, with its process group, the functions that it runs."""
    # At once: it has nothing to save, and after SIGTERM it waits for the pollers of its queues.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _wait(process: subprocess.Popen[bytes], url: str, certificate: Path, log: Path) -> None:
    end = time.monotonic() + _START_SECS
    while time.monotonic() < end and process.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(f"{url}/_ministack/health", verify=str(certificate), timeout=5).raise_for_status()
            return
        time.sleep(0.1)
    raise RuntimeError(f"ministack does not answer:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
