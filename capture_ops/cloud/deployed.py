"""What a deployed stack says of itself: its outputs, by name."""

from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from capture_forwarder.aws.errors import code_of
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.terminal.errors import CommandError

PROGRESS_TABLE = "ProgressTable"
QUARANTINE_BUCKET = "QuarantineBucket"
FUNCTION_NAME = "FunctionName"
BACKFILL_QUEUE_URL = "BackfillQueueUrl"
DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"


def outputs(stack: str) -> Mapping[str, str]:
    """Return the outputs of `stack`. Raises `CommandError` if there is no such stack, `Unavailable`."""
    try:
        (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError":
            raise CommandError(
                f"there is no stack {stack} in this account and region; deploy it, or name it"
            ) from error
        raise _unavailable(stack, error) from error
    except BotoCoreError as error:
        raise _unavailable(stack, error) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def output(stack: str, name: str) -> str:
    """Return one output of `stack`. Raises `CommandError` if it has none of that name, `Unavailable`."""
    return named(outputs(stack), stack, name)


def named(found: Mapping[str, str], stack: str, name: str) -> str:
    """Return one of the outputs that were `found` of `stack`. Raises `CommandError` if there is none of that name."""
    if name not in found:
        raise CommandError(f"the stack {stack} has no output {name}; is it one of capture-forwarder, and up to date?")
    return found[name]


def _unavailable(stack: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"the stack {stack} cannot be read: {code_of(error)}; check credentials and region, and that you are allowed "
        "cloudformation:DescribeStacks"
    )
