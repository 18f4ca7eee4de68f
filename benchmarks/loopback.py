"""The surroundings of the handler, on loopback: a bucket, the API, the configuration, and events that name objects."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Any, Final

from msgspec import Struct

from benchmarks.data import MODEL_ID, SCHEMA
from benchmarks.processes import ROOT, cores, finish, serving, start
from capture_forwarder.configuration.names import ALLOCATOR_VARIABLES, CONFIG_VARIABLE
from capture_forwarder.domain.schema import Attribute

BUCKET: Final = "captures"
_TOKEN_VARIABLE: Final = "CAPTURE_FORWARDER_BENCHMARK_TOKEN"  # noqa: S105 - the name of a variable
_CONFIG: Final = """
[[destination]]
name = "receiver"
{destination}
max_inferences = {max_inferences}
max_in_flight = {max_in_flight}
compression = "{compression}"

[[route]]
name = "benchmark"
bucket = "{bucket}"
prefix = "datacapture/"
destination = "receiver"
model_id = "{model_id}"
"""
_DESTINATIONS: Final = {
    "arthur": 'kind = "arthur"\nurl = "{url}"\nsecret = "env:{variable}"',
    "arthur-raw": 'kind = "arthur-raw"\nurl = "{url}"\nsecret = "env:{variable}"',
    "webhook": 'kind = "webhook"\nurl = "{url}/events"\nheaders = {{ Authorization = "env:{variable}" }}',
}
KINDS: Final = tuple(_DESTINATIONS)
_ATTRIBUTE: Final = """
[[route.attribute]]
name = "{0.name}"
stage = "{0.stage}"
value_type = "{0.value_type}"
position = {0.position}
"""

Objects = Mapping[str, tuple[Path, int]]
Event = dict[str, Any]


class Loopback(Struct, frozen=True):
    """The surroundings of a handler: addresses of S3 and the API, a configuration folder, and object sizes.

    `kind` is that of the destination.
    """

    s3_url: str
    api_url: str
    folder: Path
    sizes: Mapping[str, int] = {}
    attributes: tuple[Attribute, ...] = SCHEMA.attributes
    kind: str = "arthur"

    def start(
        self, *, max_in_flight: int = 8, max_inferences: int = 1000, compression: str = "none", root: Path = ROOT
    ) -> "Popen[str]":
        """Start the handler of the tree `root` on the measured core."""
        env = self.configured(max_in_flight=max_in_flight, max_inferences=max_inferences, compression=compression)
        return start("benchmarks.invocations", core=cores()[0], env=env, root=root)

    def invoke(
        self,
        events: list[Event],
        warm_up: list[Event],
        *,
        max_in_flight: int = 8,
        max_inferences: int = 1000,
        compression: str = "none",
        root: Path = ROOT,
    ) -> dict[str, Any]:
        """Run a new handler on `events` and return its measurements. Raises `RuntimeError`."""
        process = self.start(
            max_in_flight=max_in_flight, max_inferences=max_inferences, compression=compression, root=root
        )
        return finish(process, {"warm_up": warm_up, "events": events})

    def event(self, keys: list[str]) -> Event:
        """Return a queue's event with one message from S3 for each key."""
        return {
            "Records": [message(number, key, self.sizes[_name(key)], _name(key)) for number, key in enumerate(keys)]
        }

    def configured(self, *, max_in_flight: int, max_inferences: int, compression: str = "none") -> dict[str, str]:
        """Write the configuration; return an environment with its path and with settings for AWS."""
        text = _CONFIG.format(
            destination=_DESTINATIONS[self.kind].format(url=self.api_url, variable=_TOKEN_VARIABLE),
            max_inferences=max_inferences,
            max_in_flight=max_in_flight,
            compression=compression,
            bucket=BUCKET,
            model_id=MODEL_ID,
        )
        config = self.folder / "forwarder.toml"
        attributes = "".join(map(_ATTRIBUTE.format, self.attributes)) or 'schema = "none"\n'
        config.write_text(text + attributes, encoding="utf-8")
        return {
            **ALLOCATOR_VARIABLES,
            CONFIG_VARIABLE: str(config),
            _TOKEN_VARIABLE: "benchmark",
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def loopback(objects: Objects, *, s3_latency_secs: float = 0.0, api_latency_secs: float = 0.0) -> Iterator[Loopback]:
    """Serve `objects` (by name: a file and its repetitions) and a receiver, each in its own process."""
    table = json.dumps({name: (str(path), times) for name, (path, times) in objects.items()})
    with (
        TemporaryDirectory() as folder,
        serving("benchmarks.s3_stand_in", table, str(s3_latency_secs)) as s3_url,
        serving("benchmarks.receiver", str(api_latency_secs)) as api_url,
    ):
        sizes = {name: path.stat().st_size * times for name, (path, times) in objects.items()}
        yield Loopback(s3_url, api_url, Path(folder), sizes)


def key(name: str, number: int = 0) -> str:
    """Return a key of the object `name`; different numbers make different objects."""
    return f"datacapture/{name}/AllTraffic/2026/01/15/10/{number:06}.jsonl"


def _name(key: str) -> str:
    return key.split("/")[1]


def message(number: int, key: str, size: int, etag: str) -> dict[str, Any]:
    """Return a queue's message from S3 that names an object."""
    found = {"key": key, "eTag": etag, "size": size}
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": found},
    }
    return {"messageId": f"m{number}", "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}
