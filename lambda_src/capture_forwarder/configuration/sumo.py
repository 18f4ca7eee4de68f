"""`[observability.sumo]` of `forwarder.toml`: delivery of metrics and logs to Sumo Logic."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from capture_forwarder.domain.option_types import Secret


class SumoMode(StrEnum):
    """How Sumo Logic gets the metrics: AWS sends them through Firehose, or Sumo Logic polls CloudWatch."""

    FIREHOSE = "firehose"
    POLLING = "polling"


class SumoSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[observability.sumo]`: the HTTP sources by references to secrets, because their URLs hold a token."""

    mode: Annotated[SumoMode, Meta(description="How Sumo Logic gets the metrics")] = SumoMode.FIREHOSE
    metrics_url_secret: Annotated[
        Secret | None, Meta(description='Secret with the URL of the source of metrics; for mode = "firehose"')
    ] = None
    logs_url_secret: Annotated[Secret | None, Meta(description="Secret with the URL of the source of logs")] = None
