"""Peak memory of the handler for one line that holds one call of many rows, by layout, size and result.

Every figure is a fresh process that forwards one object with one line. The rows are accepted, each is rejected by the
API, or the line is rejected because its sides differ in the number of rows. Without a schema, which takes most memory.
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.calls import SHAPES, call
from benchmarks.data import MB
from benchmarks.loopback import BUCKET, Event, Loopback, key, message
from benchmarks.processes import finish, serving
from benchmarks.report import Benchmark, Figure
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_ops.cloud.local_aws import local_aws

# The layouts with a bound: a hundred megabytes and eight times the line.
_BOUNDED: Final = ("csv", "instances")
_BASE_MB: Final = 100
_TIMES: Final = 8
_ROWS: Final = (2_500, 170_000)
_MANY_ROWS: Final = 1_000_000  # of the layouts with a bound
_SMOKE_ROWS: Final = 2_500
# Results, and the status that the API gives every row.
_RESULTS: Final = {"accepted": 200, "each row rejected": 400, "the line rejected": 200}
# A process that takes more fails, so that the machine does not.
_LIMIT_MB: Final = 4_000


def measure(options: Namespace) -> list[Figure]:
    """Return the peak of every layout, size and result that was asked for."""
    figures = []
    for result in options.results[:1] if options.smoke else options.results:
        with _surroundings(_RESULTS[result]) as around:
            for shape in options.shapes:
                figures += [_figure(around, shape, count, result) for count in _rows(shape, options)]
    return figures


def _rows(shape: str, options: Namespace) -> list[int]:
    if options.smoke:
        return [_SMOKE_ROWS]
    return options.rows or [*_ROWS, *([_MANY_ROWS] if shape in _BOUNDED else [])]


def _figure(around: Loopback, shape: str, rows: int, result: str) -> Figure:
    line = call(shape, rows, answers=rows - 1 if result == "the line rejected" else None)
    line_mb = len(line) / MB
    what = f"{shape}, {rows:,} rows, {line_mb:.2f} MB: {result}"
    bound = _BASE_MB + _TIMES * line_mb if shape in _BOUNDED else None
    events = [_put(call("csv", 1), "small"), _put(line, "large")]
    given = {"warm_up": events[:1], "events": events[1:], "may_reject": True, "limit_mb": _LIMIT_MB}
    try:
        took = finish(around.start(), given)
    except RuntimeError as error:
        return Figure(what=what, measured=_LIMIT_MB, unit="MB", at_most=bound, note=str(error))
    _check(took, rows, result)
    note = f"{took['peak_rss_mb'] - took['start_rss_mb']:,.0f} MB above a call of one row, {took['cpu_secs']:.1f} s"
    return Figure(what=what, measured=took["peak_rss_mb"], unit="MB", at_most=bound, note=note)


def _check(took: dict[str, Any], rows: int, result: str) -> None:
    """Raise `ValueError` if the rows had another result: the figure would be of something else."""
    expected = {"accepted": (rows, 0), "each row rejected": (0, rows), "the line rejected": (0, 1)}[result]
    if (took["inferences"], took["rejected"]) != expected:
        raise ValueError(f"{took['inferences']} accepted, {took['rejected']} rejected instead of {expected}")


def _put(line: bytes, name: str) -> Event:
    """Store an object with one line, and return a queue's event that names it."""
    s3 = aws_session().client("s3", config=CONFIG)
    etag = s3.put_object(Bucket=BUCKET, Key=key(name), Body=line)["ETag"].strip('"')
    return {"Records": [message(0, key(name), len(line), etag)]}


@contextmanager
def _surroundings(status: int) -> Iterator[Loopback]:
    """Serve S3, a quarantine and progress, and an API that answers every row with `status`."""
    with TemporaryDirectory() as folder, local_aws(BUCKET), serving("benchmarks.receiver", "0", str(status)) as api_url:
        yield Loopback(os.environ["AWS_ENDPOINT_URL"], api_url, Path(folder), attributes=())


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), help="layouts of the payloads")
    parser.add_argument("--rows", type=int, nargs="+", help="rows of the call")
    parser.add_argument(
        "--results", nargs="+", choices=_RESULTS, default=list(_RESULTS), help="what becomes of the rows"
    )


BENCHMARK = Benchmark(name="memory", about=__doc__ or "", measure=measure, options=_options)

if __name__ == "__main__":
    BENCHMARK.run()
