"""The composition root: settings in, a forwarder with real adapters out."""

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from capture_forwarder.aws.progress import DynamoProgress
from capture_forwarder.aws.quarantine import S3Quarantine
from capture_forwarder.aws.queue import SqsQueue
from capture_forwarder.aws.s3 import S3ObjectStore
from capture_forwarder.aws.secrets import SecretToken
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.aws.timed import TimedCalls
from capture_forwarder.configuration.names import CONFIG_VARIABLE, SETTINGS_NAME, Resources
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.configuration.stack import MetricDetail
from capture_forwarder.destinations.connecting import Surroundings, connect
from capture_forwarder.destinations.http_settings import HttpSettings
from capture_forwarder.domain.capture import Work
from capture_forwarder.domain.conservation import ForwardReport
from capture_forwarder.domain.route import Router
from capture_forwarder.forward.committing.object_commits import ObjectCommitter
from capture_forwarder.forward.committing.requeueing import Requeueing
from capture_forwarder.forward.forwarder import Forwarder
from capture_forwarder.forward.read_ahead import READERS
from capture_forwarder.forward.reading import ReadLimits
from capture_forwarder.forward.run import Deadline, Run
from capture_forwarder.forward.sending.target import Target
from capture_forwarder.forward.workers import Workers
from capture_forwarder.kinds.captures.decoder import CaptureKind
from capture_forwarder.ports import Observer, Progress, Quarantine, Queue
from capture_forwarder.telemetry.observer import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


_DAY_SECS = 86_400


class Runtime:
    """A configured forwarder with its AWS clients, connections and observer."""

    def __init__(self, settings: Settings, resources: Resources, observer: Observer) -> None:
        self.observer = observer
        s3, calls = s3_client(), TimedCalls()
        self._forwarder = Forwarder(
            routes=Router(settings.routes, settings.skipped_buckets),
            store=S3ObjectStore(s3, _owners(settings, resources), calls),
            readers=Workers(READERS, "read-ahead"),
            kind=CaptureKind(),
            targets={destination.name: target(destination) for destination in settings.destination},
            committer=ObjectCommitter(
                _progress(resources, calls, settings.stack.progress_retention_days),
                _quarantine(resources, s3, calls),
                _queue(resources, calls),
                day=lambda: datetime.now(UTC).strftime("%Y/%m/%d"),
                requeueing=Requeueing(
                    first_delay_secs=settings.function.first_delay_secs,
                    give_up_secs=settings.function.give_up_days * _DAY_SECS,
                ),
            ),
            limits=ReadLimits(
                max_line_bytes=settings.function.max_line_bytes, checkpoint_secs=settings.function.checkpoint_secs
            ),
        )

    def forward(self, works: Sequence[Work], left_millis: Callable[[], float]) -> list[ForwardReport]:
        """Forward `works` and return one report each; `left_millis` gives the time until the invocation ends."""
        run = Run(
            deadline=Deadline(left_millis),
            clock=time.monotonic,
            now=time.time,
            sleep=time.sleep,
            jitter=random.random,
            new_id=lambda: uuid.uuid4().hex,
            observer=self.observer,
        )
        return self._forwarder.forward(works, run)


def build_runtime(environment: Mapping[str, str], observer: Observer | None = None) -> Runtime:
    """Return a runtime as `environment` configures it. Raises `SettingsError`.

    Without `observer` it writes the log and the metrics of the deployed function.
    """
    settings = _settings(environment)
    stack = settings.stack
    observer = observer or Telemetry(
        partial(datetime.now, UTC),
        stack.name,
        totals_only=stack.metrics is MetricDetail.STACK,
        listed=settings.observability.variants if settings.observability else frozenset(),
    )
    return Runtime(settings, Resources.from_environment(environment), observer)


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of the file that `environment` names, else those that were deployed with the package."""
    if CONFIG_VARIABLE not in environment:
        folder = Path(__file__).parent.parent
        return msgspec.json.decode((folder / SETTINGS_NAME).read_bytes(), type=Settings).with_paths_in(folder)
    # Imported here: deployed settings were checked before, and the reader of TOML is 2.5 % of a cold start.
    from capture_forwarder.configuration.reader import read_settings  # noqa: PLC0415 - for the reason above

    return read_settings(Path(environment[CONFIG_VARIABLE]))


def s3_client() -> "S3Client":
    """Return a client for capture objects."""
    return aws_session().client("s3", config=CONFIG)


def _progress(resources: Resources, calls: TimedCalls, keep_days: int) -> Progress | None:
    if resources.progress_table is None:
        return None
    client = aws_session().client("dynamodb", config=CONFIG)
    return DynamoProgress(client, resources.progress_table, calls, now=time.time, keep_secs=keep_days * _DAY_SECS)


def _quarantine(resources: Resources, s3: "S3Client", calls: TimedCalls) -> Quarantine | None:
    if resources.quarantine_bucket is None:
        return None
    return S3Quarantine(s3, resources.quarantine_bucket, calls, resources.account)


def _owners(settings: Settings, resources: Resources) -> Mapping[str, str]:
    """Return the owners of the buckets, as far as they are known: outside AWS the own account is not."""
    if resources.account:
        return settings.bucket_owners(resources.account)
    return {bucket.name: bucket.account for bucket in settings.bucket if bucket.account}


def _queue(resources: Resources, calls: TimedCalls) -> Queue | None:
    if resources.queue_url is None:
        return None
    client = aws_session().client("sqs", config=CONFIG)
    return SqsQueue(client, resources.queue_url, backfill_url=resources.backfill_queue_url, calls=calls)


def target(settings: HttpSettings) -> Target:
    """Return a destination as the settings describe it."""
    connected = connect(settings, Surroundings(secret=_token, clock=time.monotonic, now=time.time))
    return Target(
        name=settings.name,
        destination=connected.destination,
        schemas=connected.schemas,
        workers=Workers(settings.max_in_flight + 1, settings.name),
        max_in_flight=settings.max_in_flight,
        max_in_flight_bytes=settings.max_in_flight_bytes,
    )


def _token(reference: str) -> SecretToken:
    return SecretToken(SecretReference.parse(reference))
