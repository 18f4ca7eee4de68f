"""One sample of one peer, in its own environment: `python -m benchmarks.peers.worker PEER COMPRESSION`.

Reads the names of objects from stdin; the first opens connections and is not counted. It imports only the
standard library and the peer. The peer's folder is the first of the path.
"""

import gzip
import json
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

from benchmarks.processes import peak_rss_mb

Event = dict[str, Any]
_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:peer"
_QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:captures"


class _Context:
    """A context with enough time."""

    aws_request_id = function_name = "peer"
    function_version = "$LATEST"
    invoked_function_arn = _ARN
    memory_limit_in_mb = 1769
    client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Return a day."""
        return 24 * 3600 * 1000


def _s3_event(bucket: str, key: str) -> Event:
    found = {"bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}, "object": {"key": key}}
    record = {"eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventTime": "2026-01-15T10:00:00.000Z", "s3": found}
    return {"Records": [record]}


def _queue_event(bucket: str, key: str) -> Event:
    body = json.dumps(_s3_event(bucket, key))
    return {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "eventSourceARN": _QUEUE_ARN, "body": body}]}


def _newrelic(compression: str) -> Callable[[Event, Any], Any]:
    """Return New Relic's handler. It has no setting for compression, so another level replaces its function."""
    module: Any = import_module("handler")
    if compression == "gzip 1":
        module._compress_payload = lambda data: gzip.compress(json.dumps(data).encode(), 1)  # noqa: SLF001 - no setting
    elif compression == "none":
        with_gzip = module.create_request
        module._compress_payload = lambda data: json.dumps(data).encode()  # noqa: SLF001 - as above
        module.create_request = lambda payload: _without_gzip(with_gzip(payload))
    return module.lambda_handler  # type: ignore[no-any-return]  # of a peer


def _without_gzip(request: Any) -> Any:
    request.remove_header("Content-encoding")
    return request


def _datadog(_: str) -> Callable[[Event, Any], Any]:
    """Return Datadog's handler, without its library in Go for traces: captures hold none."""
    module: Any = ModuleType("trace_forwarder.connection")
    module.TraceConnection = lambda *_: None
    sys.modules[module.__name__] = module
    return import_module("lambda_function").lambda_handler  # type: ignore[no-any-return]  # of a peer


def _elastic(_: str) -> Callable[[Event, Any], Any]:
    return import_module("main_aws").handler  # type: ignore[no-any-return]  # of a peer


_PEERS = {"newrelic": (_newrelic, _s3_event), "datadog": (_datadog, _s3_event), "elastic": (_elastic, _queue_event)}


def main(peer: str, compression: str) -> None:
    """Forward the objects from stdin, and print the measurements."""
    given = json.load(sys.stdin)
    sys.path.insert(0, given["folder"])
    logging.disable(logging.INFO)
    make, event = _PEERS[peer]
    handler = make(compression)
    warm_up, *keys = given["keys"]
    handler(event(given["bucket"], warm_up), _Context())
    wall, cpu = perf_counter(), process_time()
    for key in keys:
        handler(event(given["bucket"], key), _Context())
    took = {"cpu_secs": process_time() - cpu, "wall_secs": perf_counter() - wall, "peak_rss_mb": peak_rss_mb()}
    sys.stdout.write(f"\n{json.dumps(took)}\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
