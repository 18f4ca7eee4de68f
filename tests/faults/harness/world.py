"""A function with a faulty and a healthy route, behind a proxy that can spoil every request that it makes.

AWS (moto) and the receiver run in the test process. The function runs in processes of its own.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import boto3
from moto.sqs.models import sqs_backends
from msgspec import Struct

from capture_forwarder.configuration.names import CONFIG_VARIABLE, RESOURCE_VARIABLES
from capture_ops.cloud.local_aws import local_aws
from tests.e2e.tls import Certificate, write_certificate
from tests.faults.harness.faults import Rule
from tests.faults.harness.function import Worker, drain
from tests.faults.harness.proxy import FaultProxy, fault_proxy
from tests.faults.harness.receiver import REFUSED_VALUE, Receiver, running_receiver
from tests.support.captures import capture, csv_side
from tests.support.sentinels import TOKEN
from tests.support.stack import waiting

BUCKET: Final = "captures"
FAULTY: Final = "faulty"
HEALTHY: Final = "healthy"
SECRET_NAME: Final = "harness-token"
SECRET: Final = f"secretsmanager:{SECRET_NAME}"
TRUE_VALUE: Final = 2.5  # of `feature_1` in every row
BROKEN_LINE: Final = b'{"captureData": '
_TOKEN_VARIABLE: Final = "CAPTURE_FORWARDER_TEST_TOKEN"
_TOKEN: Final = f"env:{_TOKEN_VARIABLE}"
_ACCOUNT: Final = "123456789012"


class Row(Struct, frozen=True):
    """A row that was offered: its place, and whether the receiver takes it. `index` is `None` for a broken line."""

    route: str
    key: str
    line: int
    index: int | None
    refused: bool


class FaultWorld:
    """One stack. `rows` has every row that was offered, by partner inference id; `log` is the function's."""

    def __init__(
        self,
        folder: Path,
        receiver: Receiver,
        proxy: FaultProxy,
        certificate: Certificate,
        *,
        timeout_secs: float,
        max_receives: int,
        tls: bool,
    ) -> None:
        self.receiver = receiver
        self.proxy = proxy
        self.rows: dict[str, Row] = {}
        self.log = folder / "function.log"
        self.workers: list[Worker] = []
        self.timeout_secs = timeout_secs
        self._tls = tls
        self._certificate = certificate
        self._config = folder / "forwarder.toml"
        self._s3, self._sqs = boto3.client("s3"), boto3.client("sqs")
        self.dead_letters = self._sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        dead = self._sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=["QueueArn"])["Attributes"]
        redrive = json.dumps({"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": max_receives})
        self.queue = self._sqs.create_queue(
            QueueName="captures", Attributes={"VisibilityTimeout": "600", "RedrivePolicy": redrive}
        )["QueueUrl"]
        self.configure()
        self.worker = self.new_worker()

    def configure(
        self,
        *,
        routes: tuple[str, ...] = (FAULTY,),
        function: dict[str, Any] | None = None,
        destination: dict[str, Any] | None = None,
        route: dict[str, Any] | None = None,
        kind: str = "arthur",
        secret: str = _TOKEN,
    ) -> None:
        """Write the configuration: `routes`, each with a destination of its own, and the healthy one.

        `kind` and `secret` are those of the destinations of `routes`; `destination` and `route` have options of `routes`; the healthy one has the defaults.
        """
        tables = ["[function]", *_options({"first_delay_secs": 0} | (function or {}))]
        for name in (*routes, HEALTHY):
            other = name != HEALTHY
            base = self._destination(name, (kind, secret) if other else ("arthur", _TOKEN))
            base |= {"ca_bundle": str(self._certificate.path)} if self._tls else {}
            tables += ["[[destination]]", *_options(base | ((destination or {}) if other else {}))]
            base = {"name": name, "bucket": BUCKET, "prefix": f"{name}/", "destination": name, "model_id": name}
            tables += ["[[route]]", *_options(base | ((route or {}) if other else {}))]
        self._config.write_text("\n".join(tables) + "\n", encoding="utf-8")

    def _destination(self, name: str, given: tuple[str, str]) -> dict[str, Any]:
        kind, secret = given
        url = self.proxy.url(tls=self._tls)
        if kind == "webhook":  # the path names the model, for the rules of the proxy
            return {"name": name, "kind": kind, "url": f"{url}/models/{name}", "headers.Authorization": secret}
        return {"name": name, "kind": kind, "url": url, "secret": secret}

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the function; all of its requests to AWS go through the proxy."""
        return dict(os.environ) | {
            "AWS_ENDPOINT_URL": self.proxy.url(tls=self._tls),
            "AWS_CA_BUNDLE": str(self._certificate.path),
            CONFIG_VARIABLE: str(self._config),
            RESOURCE_VARIABLES["queue_url"]: self.queue,
            _TOKEN_VARIABLE: TOKEN,
        }

    def new_worker(self, *, timeout_secs: float | None = None, batch_size: int = 10) -> Worker:
        """Return another worker of the function on its queue."""
        worker = Worker(
            self.queue,
            self.variables,
            self.log,
            timeout_secs=timeout_secs or self.timeout_secs,
            batch_size=batch_size,
        )
        self.workers.append(worker)
        return worker

    def offer(
        self, route: str, name: str, *calls: list[int] | None, text: str = "a", bucket: str = BUCKET
    ) -> dict[str, Any]:
        """Store an object of one line a call, send its event, and return the event's record.

        A call is the list of its rows' first values; `REFUSED_VALUE` is refused by the receiver. `None` is a broken
        line. Each row and each broken line holds `text`.
        """
        record = self.put(route, name, *calls, text=text, bucket=bucket)
        self.send({"Records": [record]})
        return record

    def put(
        self, route: str, name: str, *calls: list[int] | None, text: str = "a", bucket: str = BUCKET
    ) -> dict[str, Any]:
        """Store an object, and return the record of its event."""
        key = f"{route}/{name}.jsonl"
        lines = [self._line(route, key, number, call, text) for number, call in enumerate(calls, start=1)]
        return self.store(key, b"".join(line + b"\n" for line in lines), bucket=bucket)

    def store(self, key: str, body: bytes, *, bucket: str = BUCKET) -> dict[str, Any]:
        """Store bytes, and return the record of their event."""
        etag = self._s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
        found = {"key": quote_plus(key, safe="/"), "eTag": etag, "size": len(body)}
        created = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
        return created | {"s3": {"bucket": {"name": bucket}, "object": found}}

    def _line(self, route: str, key: str, number: int, call: list[int] | None, text: str) -> bytes:
        name = f"{key}-{number}"
        if call is None:
            self.rows[name] = Row(route, key, number, None, refused=True)
            return BROKEN_LINE + text.encode()
        for index, value in enumerate(call):
            partner_id = f"{name}_{index}" if len(call) > 1 else name
            self.rows[partner_id] = Row(route, key, number, index, refused=value == REFUSED_VALUE)
        inputs, outputs = (f"{value},{TRUE_VALUE},{text}" for value in call), ["0.5"] * len(call)
        return capture(csv_side("\n".join(inputs)), csv_side("\n".join(outputs)), eventId=name)

    def send(self, *bodies: Any) -> None:
        """Send each of `bodies` as a message; text is sent as it is."""
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.queue, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def fault(self, rule: Rule) -> Rule:
        """Add a fault, and return it."""
        self.proxy.rules.append(rule)
        return rule

    def heal(self) -> None:
        """Remove all faults."""
        self.proxy.rules.clear()

    def drain(self, *, within_secs: float = 20.0) -> int:
        """Let the worker poll until no message is left, and return the number of invocations."""
        return drain(self.worker, lambda: waiting(self.queue), within_secs=within_secs)

    def messages(self, queue: str | None = None) -> list[str]:
        """Return the bodies of all messages of a queue, in any state."""
        queues = sqs_backends[_ACCOUNT][os.environ["AWS_REGION"]].queues
        name = (queue or self.queue).rpartition("/")[2]
        return [message.body for message in queues[name]._messages]

    def dead(self) -> list[str]:
        """Return the bodies of all dead letters."""
        with suppress(Exception):
            self._sqs.receive_message(QueueUrl=self.queue, VisibilityTimeout=0, MaxNumberOfMessages=10)
        return self.messages(self.dead_letters)

    def invocations_killed(self) -> int:
        """Return how many invocations the clock ended."""
        return sum(each.result.killed for worker in self.workers for each in worker.invocations)

    def sent_again(self) -> int:
        """Return how often rows were accepted more than once."""
        return self.receiver.accepted.total() - len(self.receiver.accepted)


def _options(options: dict[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in options.items()]


@contextmanager
def fault_world(
    folder: Path, *, timeout_secs: float = 6.0, max_receives: int = 3, tls: bool = False
) -> Iterator[FaultWorld]:
    """Run an empty world. At the end no process, server or variable of it is left."""
    certificate = write_certificate(folder)
    with local_aws(BUCKET), running_receiver() as receiver:
        aws_port = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
        assert aws_port
        boto3.client("secretsmanager").create_secret(Name=SECRET_NAME, SecretString=TOKEN)
        with fault_proxy(aws_port, receiver.server_port, certificate) as proxy:
            world = FaultWorld(
                folder, receiver, proxy, certificate, timeout_secs=timeout_secs, max_receives=max_receives, tls=tls
            )
            try:
                yield world
            finally:
                for worker in world.workers:
                    worker.end()
