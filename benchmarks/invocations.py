"""The deployed function's handler in its own process: reads events from stdin as JSON, prints its measurements.

Configuration and AWS are those of the environment, as in Lambda. The first event of `warm_up` opens connections and is
not counted; every other is one invocation. With `may_reject` rejected lines and rows are counted, else they are an
error. With `limit_mb` the process fails if it takes more address space.
"""

import json
import os
import resource
import sys
from collections import Counter
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any, Final

from benchmarks.processes import peak_rss_mb
from capture_forwarder.aws.session import aws_session
from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.domain.conservation import ForwardReport
from capture_forwarder.domain.notices import BatchSent, Notice, ObjectForwarded
from capture_forwarder.handler import Handler, make_handler
from capture_forwarder.telemetry.observer import Telemetry

_LEFT_MS: Final = 24 * 3600 * 1000


class _Context:
    """A context with enough time for every benchmark."""

    aws_request_id = function_name = function_version = invoked_function_arn = "benchmark"
    memory_limit_in_mb = 1769

    def get_remaining_time_in_millis(self) -> int:
        """Return a day."""
        return _LEFT_MS


class _Counts:
    """Observer that counts deliveries, and objects that were not delivered whole."""

    def __init__(self, *, may_reject: bool) -> None:
        self.counts = Counter(inferences=0, records=0, requests=0, rejected=0)
        self._may_reject = may_reject
        self.failed: list[ForwardReport] = []

    def notice(self, event: Notice) -> None:
        """Count a notice."""
        if isinstance(event, BatchSent):
            self.counts["requests"] += 1
        elif isinstance(event, ObjectForwarded):
            report = event.report
            rejected = report.inferences.rejected.total() + report.lines.rejected.total()
            if not report.complete or report.inferences.pending or (rejected and not self._may_reject):
                self.failed.append(report)
            self.counts.update(inferences=report.inferences.accepted, records=report.lines.read, rejected=rejected)


class _Both:
    """Passes every notice on to the deployed function's observer and to the counts."""

    def __init__(self, telemetry: Telemetry, counts: _Counts) -> None:
        self._telemetry = telemetry
        self._counts = counts

    def notice(self, notice: Notice) -> None:
        """Pass `notice` on."""
        self._telemetry.notice(notice)
        self._counts.notice(notice)


def main() -> None:
    """Run the handler on the events from stdin."""
    given = json.load(sys.stdin)
    if "limit_mb" in given:
        resource.setrlimit(resource.RLIMIT_AS, (given["limit_mb"] * 1_000_000,) * 2)
    calls: Counter[str] = Counter()
    aws_session().events.register(
        "before-send", lambda **sent: calls.update([sent["event_name"].removeprefix("before-send.")])
    )
    counts = _Counts(may_reject=given.get("may_reject", False))
    # Built after the hook above, so that the hook sees the calls of all clients.
    telemetry = Telemetry(lambda: datetime.now(UTC), "benchmark")
    handler = make_handler(build_runtime(os.environ, _Both(telemetry, counts)))
    for event in given["warm_up"]:
        _invoke(handler, event, counts)
    counts.counts.clear()
    calls.clear()
    start_rss_mb = peak_rss_mb()
    wall, cpu = perf_counter(), process_time()
    for event in given["events"]:
        _invoke(handler, event, counts)
    took = {"cpu_secs": process_time() - cpu, "wall_secs": perf_counter() - wall}
    took |= {"peak_rss_mb": peak_rss_mb(), "start_rss_mb": start_rss_mb}
    sys.stdout.write(f"\n{json.dumps(took | counts.counts | {'aws_calls': calls})}\n")


def _invoke(handler: Handler, event: dict[str, Any], counts: _Counts) -> None:
    """Run the handler once. Raises `RuntimeError` if a row was not delivered: its figure would be wrong."""
    handler(event, _Context())
    if counts.failed:
        raise RuntimeError(f"not delivered: {counts.failed}")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # everything is delivered, so threads of the pools may be killed
