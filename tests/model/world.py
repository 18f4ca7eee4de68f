"""The state of a small world, and the effect of each request on it."""

from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tests.model.requests import (
    Acknowledge,
    Answer,
    Claim,
    ClaimAnswer,
    ClaimOver,
    Fail,
    FileName,
    FirstClaim,
    Post,
    PutFile,
    ReadRun,
    Request,
    Requeue,
    RunItem,
    SaveAnswer,
    SaveRun,
    Sent,
    TakeRun,
    Write,
)

T = TypeVar("T")

LINES = 2  # of every object


class Stored(Struct, frozen=True, cache_hash=True):
    """The state of AWS and the destination: items, quarantine files, and how often each line was accepted."""

    claims: tuple[Claim | None, ...]  # by object
    runs: tuple[RunItem, ...]
    files: tuple[tuple[FileName, tuple[int, ...]], ...]
    sends: tuple[tuple[int, ...], ...]  # by object and line
    rejected_lines: tuple[int, ...]  # lines with a row that the destination rejects; each line has one that it accepts

    def run_item(self, run: int) -> RunItem:
        """Return the item of a run; one with `saves=0` if it is absent."""
        absent = RunItem(run, 0, (0,) * len(self.claims))
        return next((item for item in self.runs if item.run == run), absent)

    def committed(self, number: int) -> int:
        """Return how many lines of an object are committed."""
        claim = self.claims[number]
        return max(claim.start, self.run_item(claim.run).reached[number]) if claim else 0

    def with_claim(self, number: int, claim: Claim) -> "Stored":
        """Return the state with this claim of an object."""
        return replace(self, claims=_replaced(self.claims, number, claim))

    def with_run(self, item: RunItem) -> "Stored":
        """Return the state with this run item."""
        others = (other for other in self.runs if other.run != item.run)
        return replace(self, runs=tuple(sorted((*others, item), key=lambda one: one.run)))

    def with_file(self, request: PutFile) -> "Stored":
        """Return the state after a PutObject."""
        files = dict(self.files)
        if request.create_only and request.name in files:
            return self
        return replace(self, files=tuple(sorted((files | {request.name: request.lines}).items())))

    def with_send(self, post: Post) -> "Stored":
        """Return the state after the destination has taken a line."""
        lines = self.sends[post.object]
        lines = _replaced(lines, post.line, lines[post.line] + 1)
        return replace(self, sends=_replaced(self.sends, post.object, lines))


class Message(Struct, frozen=True, cache_hash=True, order=True):
    """A message for an object. It is invisible until the lease of run `invisible_by` is over; 0: visible."""

    number: int
    object: int
    invisible_by: int


class Worker(Struct, frozen=True, cache_hash=True, order=True):
    """A running invocation: its run, its place in the protocol, and whether its next request is its last one.

    `last`: it was paused past its lease, after it had checked the clock for one more request.
    """

    run: int
    place: int
    last: bool = False


class World(Struct, frozen=True, cache_hash=True):
    """One state. Leases are equally long, so they end in the order of the runs."""

    stored: Stored
    queue: tuple[Message, ...]
    messages: int  # the number of the last message
    faults: int  # faults that may still happen
    checkpoints: int  # checkpoints that may still become due
    stops: int  # ends of the time in the middle of an object, and errors of the destination, that may still happen
    workers: tuple[Worker, ...] = ()
    network: tuple[tuple[int, Write], ...] = ()  # requests without a caller that may still take effect
    runs: int = 0  # the number of the last run
    leases_over: int = 0  # the leases of the runs up to this one are over
    harm: int = 0  # crashes, pauses and requests without an answer that have happened


Result = tuple[World, Answer]


def first_stored(objects: int, rejected_lines: tuple[int, ...]) -> Stored:
    """Return the empty state before the first invocation."""
    return Stored((None,) * objects, (), (), ((0,) * LINES,) * objects, rejected_lines)


def results(world: World, run: int, request: Request) -> list[Result]:
    """Return every result that a request of `run` can have: the world after it, and the answer."""
    match request:
        case ReadRun(other):
            return [(world, world.stored.run_item(other))]
        case Post():
            return _post(world, request)
        case Requeue(number, after):
            message = Message(world.messages + 1, number, after)
            return [(replace(world, messages=message.number, queue=(*world.queue, message)), Sent.OK)]
        case Acknowledge(number):
            return _acknowledge(world, run, number)
        case Fail(number):
            return [(_make_visible(world, run, number), Sent.OK)]
        case _:
            return [write(world, run, request)]


def write(world: World, run: int, request: Write) -> Result:
    """Return the world after a request of `run` to DynamoDB or S3 has taken effect or was refused, and the answer."""
    match request:
        case FirstClaim(number):
            return _claim(world, number, Claim(run, 0), accepted=world.stored.claims[number] is None)
        case ClaimOver(number, seen, start):
            holder = world.stored.claims[number]
            accepted = seen is None or (holder is not None and holder.run == seen)
            return _claim(world, number, Claim(run, start), accepted=accepted)
        case TakeRun(other):
            item = world.stored.run_item(other)
            item = replace(item, taken=True, saves=item.saves + 1)
            return replace(world, stored=world.stored.with_run(item)), item
        case SaveRun():
            return _save(world, request)
        case PutFile():
            return replace(world, stored=world.stored.with_file(request)), Sent.OK


def can_change(stored: Stored, request: Write) -> bool:
    """Whether a late write can still take effect: the number of saves only grows, and no item is deleted."""
    match request:
        case FirstClaim(number):
            return stored.claims[number] is None
        case ClaimOver(number, int(seen), _):
            claim = stored.claims[number]
            return claim is not None and claim.run == seen  # a claim never names a run again
        case SaveRun(item, numbered):
            return not numbered or stored.run_item(item.run).saves < item.saves
        case PutFile(name, _, create_only):
            return not (create_only and name in dict(stored.files))
        case _:
            return True


def _claim(world: World, number: int, claim: Claim, *, accepted: bool) -> Result:
    if accepted:
        world = replace(world, stored=world.stored.with_claim(number, claim))
    now = world.stored.claims[number] or claim
    return world, ClaimAnswer(accepted, now, now.run <= world.leases_over)


def _save(world: World, request: SaveRun) -> Result:
    old = world.stored.run_item(request.item.run)
    if request.numbered and old.saves != request.item.saves - 1:
        return world, SaveAnswer(accepted=False, item=old)
    new = replace(request.item, taken=old.taken)
    return replace(world, stored=world.stored.with_run(new)), SaveAnswer(accepted=True, item=new)


def _post(world: World, post: Post) -> list[Result]:
    sent = replace(world, stored=world.stored.with_send(post))
    found: list[Result] = [(sent, Sent.OK)]
    if world.checkpoints:
        found.append((replace(sent, checkpoints=sent.checkpoints - 1), Sent.CHECKPOINT_DUE))
    if world.stops and post.line + 1 < LINES:
        found.append((replace(sent, stops=sent.stops - 1), Sent.TIME_OVER))
    if world.stops:
        found.append((replace(world, stops=world.stops - 1), Sent.UNAVAILABLE))
    return found


def _acknowledge(world: World, run: int, number: int) -> list[Result]:
    """Delete a message. A receipt that is not the latest may delete it or not: SQS promises neither."""
    rest = tuple(message for message in world.queue if message.number != number)
    latest = all(message.invisible_by == run for message in world.queue if message.number == number)
    deleted: Result = (replace(world, queue=rest), Sent.OK)
    return [deleted] if latest else [deleted, (world, Sent.OK)]


def _make_visible(world: World, run: int, number: int) -> World:
    queue = tuple(
        replace(message, invisible_by=0) if (message.number, message.invisible_by) == (number, run) else message
        for message in world.queue
    )
    return replace(world, queue=queue)


def _replaced(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])
