"""Names that the function, the stack and the commands share."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

CONFIG_VARIABLE = "CAPTURE_FORWARDER_CONFIG"  # the path of a forwarder.toml, in place of the deployed settings
SETTINGS_NAME = "forwarder.json"  # the deployed settings, checked, beside the package

# Attributes of an item in the progress table.
PROGRESS_KEY = "object_state"
PROGRESS_EXPIRY = "expires_at"

QUARANTINE_PREFIX = "rejected/"  # the function writes its quarantine files below it


def rule_name(stack: str, bucket: str) -> str:
    """Return the name of the rule of a bucket; at most 64 characters, for a stack's name of at most 40."""
    return f"{stack}-captures-{sha256(bucket.encode()).hexdigest()[:8]}"


def rule_names(stack: str) -> str:
    """Return the pattern of the names of all rules of a stack."""
    return f"{stack}-captures-*"


class StackOutput(StrEnum):
    """The outputs of the stack; the commands find its resources by them."""

    QUEUE_URL = "QueueUrl"
    QUEUE_ARN = "QueueArn"
    BACKFILL_QUEUE_URL = "BackfillQueueUrl"
    DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"
    DEAD_LETTER_QUEUE_ARN = "DeadLetterQueueArn"
    FUNCTION_NAME = "FunctionName"
    PROGRESS_TABLE = "ProgressTable"
    QUARANTINE_BUCKET = "QuarantineBucket"
    ALARM_TOPIC_ARN = "AlarmTopicArn"
    LINEAGE_WARNINGS = "LineageWarnings"
    """Only with `[lineage] register = true`: the routes that were not recorded, and why."""


class Resources(Struct, frozen=True, kw_only=True):
    """The stack's resources, as its function's environment names them; each is optional outside AWS.

    `account` is the account of the stack. It owns the buckets for which the file names no other.
    """

    progress_table: str | None = None
    quarantine_bucket: str | None = None
    queue_url: str | None = None
    backfill_queue_url: str | None = None
    account: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Resources":
        """Return the resources that `environment` names; an empty variable names none."""
        return cls(**{name: environment.get(variable) or None for name, variable in RESOURCE_VARIABLES.items()})


RESOURCE_VARIABLES = {name: f"CAPTURE_FORWARDER_{name.upper()}" for name in Resources.__struct_fields__}

# Variables of the function for its allocator (ADR 0031): all threads share one heap, and each block above 1 MiB is
# mapped by itself.
ALLOCATOR_VARIABLES = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)}
