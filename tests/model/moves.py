"""The possible next steps of a world: steps of invocations, deliveries of messages, and faults."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tests.model.programs import Programs
from tests.model.requests import (
    Acknowledge,
    Answer,
    Fail,
    Post,
    Request,
    Requeue,
    Sent,
    Write,
)
from tests.model.world import LINES, Message, Worker, World, can_change, first_stored, results, write


class Fault(StrEnum):
    """The possible faults. A request is one to DynamoDB, S3, SQS or the destination."""

    CRASH = "crash"  # an invocation ends before any of its requests
    PAUSE = "pause"  # an invocation stops before a request until its lease is over, and then goes on
    LOST = "lost"  # a request gets no answer: it takes effect at once, later or never
    COPY = "copy"  # a second copy of a write takes effect at any time
    REPEAT = "repeat"  # the queue delivers a message again while an invocation works on it


ALL_FAULTS = frozenset(Fault)


class Limits(Struct, frozen=True):
    """The bounds of a world, so that a search ends. `events`: the numbers of the objects, one message each."""

    events: tuple[int, ...] = (0,)
    faults: int = 1
    kinds: frozenset[Fault] = ALL_FAULTS
    checkpoints: int = 1
    stops: int = 0
    workers: int = 2  # invocations at the same time
    batches: bool = False  # an invocation may get several messages at once
    clocks_right: bool = True  # an invocation looks before each request whether its lease is over
    rejected_lines: tuple[int, ...] = tuple(range(LINES))  # of every object

    def first_world(self) -> World:
        """Return the world before the first invocation."""
        queue = tuple(Message(number, event, 0) for number, event in enumerate(self.events, start=1))
        return World(
            stored=first_stored(len(set(self.events)), self.rejected_lines),
            queue=queue,
            messages=len(queue),
            faults=self.faults,
            checkpoints=self.checkpoints,
            stops=self.stops,
        )


class Move(Struct, frozen=True):
    """One thing that happens, for a trace."""

    run: int
    what: str
    request: Request | None = None
    answer: Answer | None = None

    def __str__(self) -> str:
        """Return the move as a line of a trace."""
        return f"R{self.run} {self.what} {self.request or ''} {self.answer or ''}".rstrip()


Moves = Iterator[tuple[Move, World]]


def moves(limits: Limits, programs: Programs, world: World) -> Moves:
    """Yield everything that can happen next, with the world after it."""
    for move, after in _moves(limits, programs, world):
        network = tuple(sent for sent in after.network if can_change(after.stored, sent[1]))
        yield move, replace(after, network=network) if len(network) < len(after.network) else after


def _moves(limits: Limits, programs: Programs, world: World) -> Moves:
    if len(world.workers) < limits.workers:
        yield from _deliveries(limits, programs, world)
    for worker in world.workers:
        request = programs.request(worker.place)
        assert request
        for after, answer in results(world, worker.run, request):
            yield Move(worker.run, "does", request, answer), _continue(programs, after, worker, answer)
        if world.faults:
            yield from _faults(limits, programs, replace(world, faults=world.faults - 1), worker, request)
    for place, (run, request) in enumerate(world.network):
        rest = replace(world, network=world.network[:place] + world.network[place + 1 :])
        yield Move(run, "late:", request), write(rest, run, request)[0]
    yield from _lease_ends(world)


def _lease_ends(world: World) -> Moves:
    """End the next lease that a message or a claim waits for, unless its run still works."""
    live = {worker.run for worker in world.workers}
    awaited = {message.invisible_by for message in world.queue} | {claim.run for claim in world.stored.claims if claim}
    run = min((run for run in awaited | live if run > world.leases_over), default=0)
    if run and run not in live:
        yield Move(run, "its lease is over"), replace(world, leases_over=run)


def _deliveries(limits: Limits, programs: Programs, world: World) -> Moves:
    visible = tuple(message for message in world.queue if message.invisible_by <= world.leases_over)
    # Messages for one object that became visible at the same time do not differ.
    for message in {(message.object, message.invisible_by): message for message in reversed(visible)}.values():
        yield _deliver(programs, world, (message,))
    if limits.batches and len(visible) > 1:
        yield _deliver(programs, world, visible)
    if world.faults and Fault.REPEAT in limits.kinds:
        live = {worker.run for worker in world.workers if worker.run > world.leases_over}
        for message in world.queue:
            if message.invisible_by in live:
                yield _deliver(programs, replace(world, faults=world.faults - 1), (message,))


def _deliver(programs: Programs, world: World, messages: tuple[Message, ...]) -> tuple[Move, World]:
    run = world.runs + 1
    queue = tuple(replace(one, invisible_by=run) if one in messages else one for one in world.queue)
    worker = Worker(run, programs.start(run, tuple((message.number, message.object) for message in messages)))
    what = f"receives {', '.join(f'message {message.number} for object {message.object}' for message in messages)}"
    return Move(run, what), replace(world, queue=queue, runs=run, workers=(*world.workers, worker))


def _faults(limits: Limits, programs: Programs, world: World, worker: Worker, request: Request) -> Moves:
    """Yield the faults that can meet the next request of an invocation; `world` has one fault less to come."""
    harmed = replace(world, harm=world.harm + 1)
    if Fault.CRASH in limits.kinds:
        yield Move(worker.run, "crashes before", request), _without(harmed, worker)
    if Fault.PAUSE in limits.kinds and _may_pause(world, worker):
        paused = replace(worker, last=limits.clocks_right)
        after = replace(_without(harmed, worker, paused), leases_over=worker.run)
        yield Move(worker.run, "is paused past its lease before", request), after
    if isinstance(request, Acknowledge | Fail):
        return
    if Fault.LOST in limits.kinds:
        yield from _lost(programs, harmed, worker, request)
    if Fault.COPY in limits.kinds and isinstance(request, Write):
        yield Move(worker.run, "sends a second copy of", request), _with_late(world, worker, request)


def _lost(programs: Programs, world: World, worker: Worker, request: Request) -> Moves:
    yield Move(worker.run, "cannot reach", request), _continue(programs, world, worker, Sent.LOST)
    if isinstance(request, Write):
        late = _with_late(world, worker, request)
        yield Move(worker.run, "gets no answer to", request), _continue(programs, late, worker, Sent.LOST)
    if isinstance(request, Post | Requeue):  # if it takes effect later, the states are the same
        after = results(world, worker.run, request)[0][0]
        yield Move(worker.run, "gets no answer to", request), _continue(programs, after, worker, Sent.LOST)


def _may_pause(world: World, worker: Worker) -> bool:
    """Whether a pause can outlast the lease of this invocation: the leases of earlier ones end before it."""
    earlier = (other.run for other in world.workers if world.leases_over < other.run < worker.run)
    return world.leases_over < worker.run and not any(earlier)


def _with_late(world: World, worker: Worker, request: Write) -> World:
    return replace(world, network=tuple(sorted((*world.network, (worker.run, request)), key=repr)))


def _continue(programs: Programs, world: World, worker: Worker, answer: Answer) -> World:
    place = programs.after(worker.place, answer)
    if worker.last or programs.request(place) is None:
        return _without(world, worker)
    return _without(world, worker, replace(worker, place=place))


def _without(world: World, worker: Worker, *instead: Worker) -> World:
    """Return the world without this invocation, or with its new state."""
    others = (other for other in world.workers if other.run != worker.run)
    return replace(world, workers=tuple(sorted((*others, *instead))))
