"""The backfill queue of a stack: takes messages, ten a call, several calls at once, and is asked for its depth."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.names import StackOutput
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.backfill.messages import Message
from capture_ops.backfill.parallel import in_parallel
from capture_ops.cloud.deployed import named, outputs
from capture_ops.cloud.progress import ProgressReader

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import SendMessageBatchResultTypeDef

CALLS_AT_ONCE = 8
_MESSAGES_A_CALL = 10
_TRIES = 6
_FIRST_PAUSE_SECS = 0.2
_DEPTH: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_AGAIN = "run the command again: it sends all messages once more, and an object that is done is not read again"


class BackfillQueue:
    """The backfill queue of `stack`, its dead letters and its progress, all by the outputs of the stack.

    Raises `CommandError` if the stack has no such output, `Unavailable`.
    """

    def __init__(self, stack: str) -> None:
        found = outputs(stack)
        self._url = named(found, stack, StackOutput.BACKFILL_QUEUE_URL)
        self._dead_letters_url = named(found, stack, StackOutput.DEAD_LETTER_QUEUE_URL)
        self._table = named(found, stack, StackOutput.PROGRESS_TABLE)
        self._client = aws_session().client("sqs", config=CONFIG)

    def send(self, messages: Iterable[Message], stopped: Event) -> Iterator[Message]:
        """Send `messages` until `stopped` is set, and yield each that the queue has taken. Raises `Unavailable`."""
        return send_all(self._client, self._url, messages, stopped)

    def depth(self) -> int:
        """Return how many messages wait, are delayed or are being worked on. Raises `Unavailable`."""
        return _depth(self._client, self._url)

    def dead_letters(self) -> int:
        """Return how many dead letters there are, of live captures too. Raises `Unavailable`."""
        return _depth(self._client, self._dead_letters_url)

    def progress(self) -> ProgressReader:
        """Return the progress of the objects."""
        return ProgressReader(aws_session().client("dynamodb", config=CONFIG), self._table)


def _depth(client: "SQSClient", url: str) -> int:
    try:
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=_DEPTH)["Attributes"]
    except AwsError as error:
        raise Unavailable(
            f"the queue {url} answers {code_of(error)}; check that you are allowed sqs:GetQueueAttributes on it"
        ) from error
    return sum(int(attributes[name]) for name in _DEPTH)


def send_all(
    client: "SQSClient",
    url: str,
    messages: Iterable[Message],
    stopped: Event,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Message]:
    """Send `messages` until `stopped` is set, and yield each that the queue has taken. Raises `Unavailable`."""
    send = partial(_send, client, url, sleep)
    for taken in in_parallel(send, _tens(messages), CALLS_AT_ONCE, stopped):
        yield from taken


def _tens(messages: Iterable[Message]) -> Iterator[list[Message]]:
    remaining = iter(messages)
    while some := list(islice(remaining, _MESSAGES_A_CALL)):
        yield some


def _send(client: "SQSClient", url: str, sleep: Callable[[float], None], messages: list[Message]) -> list[Message]:
    """Send up to ten messages; those that the queue did not take are sent again by themselves."""
    unsent = {str(place): message for place, message in enumerate(messages)}
    code = ""
    for attempt in range(_TRIES):
        failed = _call(client, url, unsent).get("Failed", [])
        if not failed:
            return messages
        code = failed[0]["Code"]
        if any(each["SenderFault"] for each in failed):
            break
        unsent = {each["Id"]: unsent[each["Id"]] for each in failed}
        sleep(_FIRST_PAUSE_SECS * 2**attempt * (0.5 + random.random() / 2))  # noqa: S311 - spreads retries
    raise Unavailable(f"the backfill queue did not take a message: {code}; {_AGAIN}")


def _call(client: "SQSClient", url: str, messages: dict[str, Message]) -> "SendMessageBatchResultTypeDef":
    try:
        return client.send_message_batch(
            QueueUrl=url, Entries=[{"Id": each, "MessageBody": message.body} for each, message in messages.items()]
        )
    except AwsError as error:
        raise Unavailable(
            f"the backfill queue answers {code_of(error)}; check that you are allowed sqs:SendMessage on it, and "
            f"kms:GenerateDataKey and kms:Decrypt on its key if the stack has one of your own; then {_AGAIN}"
        ) from error
