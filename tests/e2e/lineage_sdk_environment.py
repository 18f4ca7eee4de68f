"""Runs SageMaker's SDK, in its own environment, against the fake of lineage in this process."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import REGION, Fake, lineage_fake

PROJECT = Path(__file__).parents[2]
PYTHON = PROJECT / ".venv-lineage-sdk" / "bin" / "python"
SCRIPTS = Path(__file__).with_name("lineage_sdk")
# SageMaker's own configuration. Without it, the SDK asks STS for the account, at an address that cannot be changed.
_CONFIGURATION = """\
SchemaVersion: "1.0"
SageMaker: {PythonSDK: {Modules: {Session: {DefaultS3Bucket: sdk-default-bucket}}}}
"""


@contextmanager
def served(folder: Path, modes: Modes | None = None) -> Iterator[tuple[Fake, Mapping[str, str]]]:
    """Serve the fake, and give it with the variables of a process that is to find it. Files are written in `folder`."""
    configuration = folder / "sagemaker.yaml"
    configuration.write_text(_CONFIGURATION, encoding="utf-8")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with lineage_fake(modes) as fake:
            yield (
                fake,
                {
                    **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                    "AWS_ENDPOINT_URL": f"http://{host}:{port}",
                    "AWS_ACCESS_KEY_ID": "testing",
                    "AWS_SECRET_ACCESS_KEY": "testing",
                    "AWS_DEFAULT_REGION": REGION,
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "SAGEMAKER_USER_CONFIG_OVERRIDE": str(configuration),
                },
            )
    finally:
        server.stop()


def run(
    arguments: list[str | Path], environment: Mapping[str, str], folder: Path, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the SDK's Python in a folder, with a text as its standard input."""
    return subprocess.run(  # noqa: S603 - our own commands, and AWS's tests
        [PYTHON, *arguments],
        env=environment,
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
