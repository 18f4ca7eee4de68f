"""Lambda's recursive loop detection on the function's queue, over days of simulated time.

Lambda gives each invocation a trace header that counts the invocations of its chain. The AWS client of the function
sends it with every request, SQS keeps it with the message, and Lambda continues to count with the invocation that the
message causes: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
The form of the counter is Lambda's own. The function only has to be one that passes the header on.
"""

import json
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Final
from unittest.mock import patch
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.sqs.models import sqs_backends

from capture_forwarder.aws.envelopes import open_message
from capture_forwarder.configuration.stack import StackSettings
from capture_ops.cloud.moto_server import moto_server
from tests.faults.poller import Poller, configured_handler

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAX_INVOCATIONS: Final = 16
_TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:{}"
_COUNTER = re.compile(r"Lineage=1:a87bd80c:(\d+)")


class RecursiveLoop(StrEnum):
    """The property `RecursiveLoop` of a function."""

    ALLOW = "Allow"
    TERMINATE = "Terminate"


class SimulatedClock:
    """The time of local SQS, in seconds since the epoch; it passes only when `now` is changed."""

    def __init__(self) -> None:
        self.now = time.time()

    @contextmanager
    def of_local_sqs(self) -> Iterator[None]:
        """Let delays and visibility timeouts of local SQS pass by this clock."""
        with (
            patch("moto.sqs.models.unix_time", lambda: self.now),
            patch("moto.sqs.models.unix_time_millis", lambda: self.now * 1000),
        ):
            yield


class _KeepsTraceHeaders:
    """Local SQS that keeps the trace header of a request as a system attribute of its message, as SQS does.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        header = environ.get("HTTP_X_AMZN_TRACE_ID")
        if header and environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.SendMessageBatch":
            return self._send_each(environ, start_response, header)
        return self._application(environ, start_response)

    def _send_each(self, environ: WSGIEnvironment, start_response: StartResponse, header: str) -> Iterable[bytes]:
        """Send the messages of a batch one by one: local SQS keeps no system attributes of a batch."""
        request = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        sent = []
        for entry in request["Entries"]:
            message = {name: value for name, value in entry.items() if name != "Id"} | {"QueueUrl": request["QueueUrl"]}
            message["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
            body = json.dumps(message).encode()
            one = environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            one["HTTP_X_AMZ_TARGET"] = "AmazonSQS.SendMessage"
            answer = b"".join(self._application(one, lambda *_: lambda _: None))
            sent.append({"Id": entry["Id"]} | json.loads(answer))
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps({"Successful": sent, "Failed": []}).encode()]


@contextmanager
def traced_sqs() -> Iterator[None]:
    """Serve the queues of local AWS a second time, with trace headers; clients that are made from now on use it."""
    with moto_server(_KeepsTraceHeaders) as url:
        os.environ["AWS_ENDPOINT_URL_SQS"] = url
        try:
            yield
        finally:
            del os.environ["AWS_ENDPOINT_URL_SQS"]


class LambdaService:
    """Lambda at work on one queue: the poller of the event source mapping, and recursive loop detection.

    AWS does not say how it counts a batch of messages from several chains. Here the longest chain counts for all.
    """

    def __init__(self, queue_url: str, clock: SimulatedClock, recursive_loop: RecursiveLoop) -> None:
        self.longest_chain = 0
        self.rounds: defaultdict[str, list[float]] = defaultdict(list)  # times of the invocations, by key of the object
        self._clock = clock
        self._recursive_loop = recursive_loop
        self._settings = StackSettings()
        account, name = queue_url.split("/")[-2:]
        self._queue = sqs_backends[account][os.environ["AWS_REGION"]].queues[name]
        os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "forwarder"
        self._queue_url = queue_url
        self._poller = self._new_poller()

    def _new_poller(self) -> Poller:
        """Return a poller of a new process: a process remembers by the real clock which wait the API asked for."""
        return Poller(self._queue_url, configured_handler(), batch_size=self._settings.batch_size, wait_secs=0)

    def work(self, *, hours: float) -> None:
        """Invoke the function with every message that can be received in so many hours.

        A batch is received at the end of the batching window that its first message begins.
        """
        end = self._clock.now + hours * 3600
        while self._queue._messages and (received_at := self._next_due() + self._settings.batching_window_secs) <= end:
            self._clock.now = received_at
            self._receive()
        self._clock.now = end

    def _next_due(self) -> float:
        """Return the first time at which a message can be received."""
        due_millis = min(max(each.delayed_until, each.visible_at) for each in self._queue._messages)
        return max(self._clock.now, due_millis / 1000)

    def _receive(self) -> None:
        """Receive a batch once. The messages of an invocation that is stopped come again: they are not deleted."""
        self._poller = self._new_poller()
        messages = self._poller.receive()
        if not messages:
            return
        invocations = max(_invocations_before(message) for message in messages)
        if self._recursive_loop is RecursiveLoop.TERMINATE and invocations >= MAX_INVOCATIONS:
            return
        self._record(messages, invocations + 1)
        os.environ["_X_AMZN_TRACE_ID"] = _TRACE.format(invocations + 1)
        self._poller.delete(messages, self._poller.handle(messages, self._settings.timeout_secs))

    def _record(self, messages: "list[MessageTypeDef]", chain: int) -> None:
        self.longest_chain = max(self.longest_chain, chain)
        for message in messages:
            for work in open_message(message["Body"]).works:
                self.rounds[work.source.key].append(self._clock.now)


def _invocations_before(message: "MessageTypeDef") -> int:
    """Return how many invocations of the function led to a message."""
    found = _COUNTER.search(message["Attributes"].get("AWSTraceHeader", ""))
    return int(found[1]) if found else 0
