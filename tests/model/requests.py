"""The requests of an invocation to DynamoDB, S3, SQS and the destination, and their answers.

Objects, invocations (runs) and lines are numbered. Objects and lines begin at 0, runs at 1.
"""

from enum import Enum
from typing import NamedTuple

from msgspec import Struct


class Claim(Struct, frozen=True, cache_hash=True):
    """The claim item of an object: the run that holds it, and the first line of that run."""

    run: int
    start: int


class RunItem(Struct, frozen=True, cache_hash=True):
    """The item that a run has saved. `reached[object]` is the number of committed lines; 0 if the run does not name the object.

    An item with `saves=0` stands for an absent one.
    """

    run: int
    saves: int
    reached: tuple[int, ...]
    finished: bool = False
    taken: bool = False


class FileName(NamedTuple):
    """The name of a quarantine file: the object, the first line that it may hold, and the run that may write it."""

    object: int
    offset: int
    run: int


class FirstClaim(Struct, frozen=True, cache_hash=True):
    """UpdateItem of the claim, on the condition that there is none. The answer is a `ClaimAnswer`."""

    object: int


class ClaimOver(Struct, frozen=True, cache_hash=True):
    """UpdateItem of the claim, on the condition `run = :seen`; without a condition if `seen` is `None`."""

    object: int
    seen: int | None
    start: int


class ReadRun(Struct, frozen=True, cache_hash=True):
    """A consistent GetItem of a run item. The answer is a `RunItem`."""

    run: int


class TakeRun(Struct, frozen=True, cache_hash=True):
    """UpdateItem of a run item without a condition: mark it `taken`, ADD saves 1. The answer is the new `RunItem`."""

    run: int


class SaveRun(Struct, frozen=True, cache_hash=True):
    """UpdateItem of the own run item; `item.saves` is the new number of saves.

    `numbered`: on the condition that one save less is stored. The answer is a `SaveAnswer`.
    """

    item: RunItem
    numbered: bool


class PutFile(Struct, frozen=True, cache_hash=True):
    """PutObject of a quarantine file with one entry for each of `lines`.

    `create_only`: with If-None-Match. A refusal (412) counts as success, so the answer is always `Sent.OK`.
    """

    name: FileName
    lines: tuple[int, ...]
    create_only: bool


class Post(Struct, frozen=True, cache_hash=True):
    """A request with the rows of one line to the destination. The answer has the time of the clock, too."""

    object: int
    line: int


class Requeue(Struct, frozen=True, cache_hash=True):
    """SendMessage: a new message for the object, invisible until the lease of run `after` is over; 0: visible at once."""

    object: int
    after: int


class Acknowledge(Struct, frozen=True, cache_hash=True):
    """Answer a message as done: it is deleted."""

    message: int


class Fail(Struct, frozen=True, cache_hash=True):
    """Answer a message as failed: it is visible at once."""

    message: int


Write = FirstClaim | ClaimOver | TakeRun | SaveRun | PutFile
Request = Write | ReadRun | Post | Requeue | Acknowledge | Fail


class ClaimAnswer(Struct, frozen=True, cache_hash=True):
    """Whether the claim was written, the claim that is stored now, and whether the lease of its run is over."""

    accepted: bool
    claim: Claim
    lease_over: bool


class SaveAnswer(Struct, frozen=True, cache_hash=True):
    """Whether the run item was written, and the item that is stored now."""

    accepted: bool
    item: RunItem


class Sent(Enum):
    """The answers that carry no item."""

    OK = "ok"
    CHECKPOINT_DUE = "ok, and a checkpoint is due"
    TIME_OVER = "ok, and the time of the invocation is used up"
    UNAVAILABLE = "the destination is unavailable"  # it did not take the rows
    LOST = "no answer"  # the sender cannot know whether the request took effect, or will


Answer = ClaimAnswer | SaveAnswer | RunItem | Sent
