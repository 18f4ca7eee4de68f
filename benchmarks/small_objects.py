"""Many small objects: 1,000 objects of 49 kB, ten messages per invocation, progress in DynamoDB.

Counts the requests to the API against the fewest that its limits allow, and the calls to AWS by operation.
"""

import math
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.data import write_captures
from benchmarks.loopback import BUCKET, key, loopback
from benchmarks.report import Benchmark, Figure
from capture_ops.cloud.local_aws import local_aws

_OBJECT_BYTES: Final = 49_000
_MESSAGES: Final = 10
_SMOKE_OBJECTS: Final = 20
_READ: Final = "s3.GetObject"
_WRITTEN: Final = "dynamodb.PutItem"


def measure(options: Namespace) -> list[Figure]:
    """Return the figures for every limit of inferences per request."""
    objects = _SMOKE_OBJECTS if options.smoke else options.objects
    figures = []
    with TemporaryDirectory() as folder, local_aws(BUCKET), ExitStack() as stack:
        path = Path(folder, "small.jsonl")
        each = write_captures(path, "a", _OBJECT_BYTES)
        around = stack.enter_context(loopback({"small": (path, 1)}))
        limits = options.max_inferences[-1:] if options.smoke else options.max_inferences
        for start, max_inferences in enumerate(limits):
            keys = [key("small", start * (objects + 1) + number) for number in range(objects + 1)]
            events = [around.event(keys[at : at + _MESSAGES]) for at in range(0, objects, _MESSAGES)]
            took = around.invoke(events, [around.event(keys[-1:])], max_inferences=max_inferences)
            figures += _requests(took, [len(one["Records"]) * each for one in events], max_inferences)
    return figures + _calls(took, objects, len(events))


def _requests(took: dict[str, Any], inferences: list[int], max_inferences: int) -> list[Figure]:
    fewest = sum(math.ceil(count / max_inferences) for count in inferences)
    if took["inferences"] != sum(inferences):
        raise ValueError(f"{took['inferences']} inferences arrived instead of {sum(inferences)}")
    what = f"requests against the fewest, {max_inferences} inferences per request"
    note = f"{took['requests']} where {fewest} are the fewest, {took['inferences']:,} inferences"
    return [Figure(what=what, measured=took["requests"] / fewest, at_most=1.1, note=note, is_count=True)]


def _calls(took: dict[str, Any], objects: int, invocations: int) -> list[Figure]:
    calls: dict[str, int] = took["aws_calls"]
    others = {name: count for name, count in calls.items() if name not in (_READ, _WRITTEN)}
    saves = calls.get(_WRITTEN, 0) - objects
    return [
        Figure(
            what="S3 GetObject per object",
            measured=calls.get(_READ, 0) / objects,
            unit="calls",
            at_most=1,
            is_count=True,
        ),
        Figure(
            what="DynamoDB writes per invocation, besides one claim an object",
            measured=saves / invocations,
            unit="calls",
            at_most=1,
            is_count=True,
        ),
        Figure(
            what="other calls to AWS",
            measured=sum(others.values()),
            unit="calls",
            at_most=0,
            note=str(others or ""),
            is_count=True,
        ),
        Figure(what="CPU per object", measured=took["cpu_secs"] / objects * 1000, unit="ms"),
    ]


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--objects", type=int, default=1000, help="number of objects")
    parser.add_argument(
        "--max-inferences", type=int, nargs="+", default=[1000, 250], help="limits of inferences per request"
    )


BENCHMARK = Benchmark(name="small_objects", about=__doc__ or "", measure=measure, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
