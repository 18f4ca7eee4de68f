"""Records per CPU second of other forwarders and of ours, on one file, one core, and in turns.

`python -m benchmarks.peers --folder FOLDER`, where FOLDER has the code and an environment of each peer, as README.md of
this folder says. A peer that is not there is left out. Every sample is a fresh process, and every capture must arrive.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import urlopen

from msgspec import Struct
from msgspec.structs import replace

from benchmarks.data import MB, write_captures
from benchmarks.loopback import BUCKET, Loopback, key, loopback
from benchmarks.processes import cores, finish, serving, start
from benchmarks.report import Benchmark, Figure

COMPRESSIONS: Final = ("as shipped", "gzip 1", "none")
# By peer: where its function lies in its repository.
_FOLDERS: Final = {"newrelic": "src", "datadog": "aws/logs_monitoring", "elastic": "."}
_DATADOG: Final = {
    "as shipped": {},
    "gzip 1": {"DD_COMPRESSION_LEVEL": "1"},
    "none": {"DD_USE_COMPRESSION": "false"},
}
_LEVELS: Final = {"as shipped": "", "gzip 1": "compression_level: 1", "none": "compression_level: 0"}
_ELASTIC: Final = """
inputs:
  - type: "s3-sqs"
    id: "arn:aws:sqs:eu-west-1:123456789012:captures"
    outputs:
      - type: "logstash"
        args:
          logstash_url: "{url}"
          {level}
"""
_SMALL_PART: Final = 50

Sample = dict[str, Any]


class Files(Struct, frozen=True):
    """The file of captures, a small one, and how many captures the two hold."""

    plain: Path
    small: Path
    records: int
    small_records: int


def measure(options: Namespace) -> list[Figure]:
    """Return the figures of all peers that are there, and of ours."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        plain, small, size_bytes = folder / "plain", folder / "small", int(options.size_mb * MB)
        files = Files(plain, small, write_captures(plain, "a", size_bytes), _write_small(small, size_bytes))
        with loopback({"plain": (plain, 1), "small": (small, 1)}) as around:
            contenders = {**_ours(around), **_peers(options.folder, files)}
            found: dict[str, list[Sample]] = {one: [] for one in contenders}
            for _ in range(options.reps):
                for one, sample in contenders.items():
                    found[one].append(sample())
    return [_figure(one, samples, files.records) for one, samples in found.items()]


def _write_small(path: Path, size_bytes: int) -> int:
    return write_captures(path, "a", max(1, size_bytes // _SMALL_PART))


def _figure(what: str, samples: list[Sample], records: int) -> Figure:
    speeds = sorted(records / sample["cpu_secs"] for sample in samples)
    peak = max(sample["peak_rss_mb"] for sample in samples)
    note = f"{speeds[0]:,.0f} to {speeds[-1]:,.0f}, n={len(speeds)}; peak RSS {peak:.0f} MB"
    return Figure(what=what, measured=round(median(speeds)), unit="records per CPU second", note=note)


def _ours(around: Loopback) -> dict[str, Callable[[], Sample]]:
    kinds = {"schema": around, "no schema": replace(around, attributes=())}
    return {
        f"ours, {kind}, {label}": lambda one=one, compression=compression: one.invoke(  # type: ignore[misc]
            [one.event([key("plain")])], [one.event([key("small")])], compression=compression
        )
        for kind, one in kinds.items()
        for label, compression in (("none", "none"), ("gzip 1", "gzip"))
    }


def _peers(folder: Path, files: Files) -> dict[str, Callable[[], Sample]]:
    return {
        f"{peer}, {compression}": lambda peer=peer, compression=compression: _sample(  # type: ignore[misc]
            folder / peer, peer, compression, files
        )
        for peer in _FOLDERS
        if (folder / peer).is_dir()
        for compression in COMPRESSIONS
    }


def _sample(folder: Path, peer: str, compression: str, files: Files) -> Sample:
    """Run a peer once. Raises `ValueError` if it did not deliver every capture."""
    with _surroundings(files, compression) as (s3_url, api_url):
        python = str((folder / "env" / "bin" / "python").absolute())
        arguments = ("benchmarks.peers.worker", peer, compression)
        process = start(*arguments, core=cores()[0], env=_env(s3_url, api_url, compression), python=python)
        code = folder / "code" / _FOLDERS[peer]
        given = {"folder": str(code.absolute()), "bucket": BUCKET, "keys": [key("small"), key("plain")]}
        took = finish(process, given)
        with urlopen(f"{api_url}/received", timeout=10) as answer:  # noqa: S310 - loopback
            received = json.load(answer)["inferences"]
    if received != files.records + files.small_records:
        raise ValueError(f"{peer}, {compression}: {received} captures arrived instead of {files}")
    return took


@contextmanager
def _surroundings(files: Files, compression: str) -> Iterator[tuple[str, str]]:
    """Serve S3, with Elastic's configuration in it, and a receiver; yield their URLs."""
    config = files.plain.with_name("elastic.yaml")
    with serving("benchmarks.peers.servers", "receiver") as api_url:
        config.write_text(_ELASTIC.format(url=api_url, level=_LEVELS[compression]), encoding="utf-8")
        objects = {"plain": str(files.plain), "small": str(files.small), "config": str(config)}
        with serving("benchmarks.peers.servers", "s3", json.dumps(objects)) as s3_url:
            yield s3_url, api_url


def _env(s3_url: str, api_url: str, compression: str) -> dict[str, str]:
    """Return the settings of all peers."""
    host, port = api_url.removeprefix("http://").split(":")
    return {
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LICENSE_KEY": "local",
        "NR_LOGGING_ENDPOINT": f"{api_url}/log/v1",
        "S3_CONFIG_FILE": f"s3://{BUCKET}/{key('config')}",
        "SQS_REPLAY_URL": f"{api_url}/replay",
        "SQS_CONTINUE_URL": f"{api_url}/continue",
        "DD_API_KEY": "0" * 32,
        "DD_API_URL": api_url,
        "DD_URL": host,
        "DD_PORT": port,
        "DD_NO_SSL": "true",
        "DD_TRACE_ENABLED": "false",
        "DD_ENHANCED_METRICS": "false",
        **_DATADOG[compression],
    }


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=Path(".venv-peers"), help="code and environments of the peers")


BENCHMARK = Benchmark(name="peers", about=__doc__ or "", measure=measure, size_mb=58, reps=5, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
