"""The design: how one invocation claims objects, files rejections, saves, requeues and acknowledges.

It yields one request at a time and is sent its answer, so it reads like the code that it stands for.
"""

from collections.abc import Generator
from enum import Enum

from msgspec import Struct

from tests.model.requests import (
    Acknowledge,
    Answer,
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
)
from tests.model.world import LINES, Stored


class Rules(Struct, frozen=True):
    """The rules of the design. The tests leave out one at a time, and see that a promise breaks."""

    wait: bool = True  # an object that another run holds is requeued, not acknowledged
    take_first: bool = True  # the holder's run item is marked `taken` before its file is emptied
    empty: bool = True  # the one file that no save of the holder covers is replaced by an empty one
    create_only: bool = True  # a run writes its own files with If-None-Match
    own_names: bool = True  # the name of a file holds the id of its run
    answered: bool = True  # no file after a save without an answer, and no save past a file without an answer
    finished_only_if_answered: bool = True  # a run is `finished` only if all its files and saves were answered
    numbered_saves: bool = True  # a save is conditional on the number of saves
    claim_over_conditional: bool = True  # claim over is conditional on the run that was seen
    claim_over_last: bool = True  # claim over comes after take and empty
    grouped: bool = True  # the messages of one invocation for one object share its claim and its outcome


class Outcome(Enum):
    """The facts about an object that an invocation does not read, or does not read any more."""

    DONE = "done"
    PENDING = "pending"


class Held(Struct, frozen=True):
    """Another run holds the object; its message waits for the end of the lease."""

    run: int


Steps = Generator[Request, Answer, None]
Claiming = Generator[Request, Answer, int | Outcome | Held]
Saving = Generator[Request, Answer, bool]


class Invocation:
    """One invocation with messages for a number of objects; `messages` are pairs of message and object."""

    def __init__(self, run: int, messages: tuple[tuple[int, int], ...], stored: Stored, rules: Rules) -> None:
        self._run = run
        self._messages = messages
        self._rejected_lines = stored.rejected_lines
        self._rules = rules
        objects = len(stored.claims)
        self._reached = [0] * objects  # what the next save says
        self._committed = [0] * objects  # what the last answered save said
        self._saves = 0
        self._answered = True  # every file and every save of this run was answered
        self._reading = True  # it opens objects and sends lines
        self._saving = True  # it files rejections and saves

    def steps(self) -> Steps:
        """Work on every object, save, requeue, and answer the messages."""
        groups, outcomes, complete = self._groups(), list[int | Outcome | Held](), list[int]()
        for number, _ in groups:
            outcomes.append((yield from self._claim(number)) if self._reading else Outcome.PENDING)
            if isinstance(start := outcomes[-1], int):
                yield from self._read(number, start)
        if self._saving and any(isinstance(outcome, int) for outcome in outcomes):
            yield from self._save(finished=self._answered or not self._rules.finished_only_if_answered)
        for (number, messages), outcome in zip(groups, outcomes, strict=True):
            if (yield from self._hand_over(number, outcome)):
                complete += messages
        for message, _ in self._messages:
            yield Acknowledge(message) if message in complete else Fail(message)

    def _groups(self) -> list[tuple[int, list[int]]]:
        """Return the objects with their messages."""
        if not self._rules.grouped:
            return [(number, [message]) for message, number in self._messages]
        groups: dict[int, list[int]] = {}
        for message, number in self._messages:
            groups.setdefault(number, []).append(message)
        return list(groups.items())

    def _claim(self, number: int) -> Claiming:
        """Return the first line of this run, or why it does not begin."""
        answer = yield FirstClaim(number)
        if not isinstance(answer, ClaimAnswer):
            return Outcome.PENDING
        if answer.claim.run == self._run:  # it was accepted, or an earlier copy of the request was
            return 0
        return (yield from self._look(number, answer))

    def _look(self, number: int, seen: ClaimAnswer) -> Claiming:
        """Decide by the run item of the holder whether the object is done, held, free or abandoned."""
        holder = seen.claim.run
        item = yield ReadRun(holder)
        if isinstance(item, RunItem) and not (item.finished or item.reached[number] == LINES):
            if not seen.lease_over:
                return Held(holder)
            if self._rules.take_first:
                item = yield TakeRun(holder)
        if not isinstance(item, RunItem):
            return Outcome.PENDING
        if item.reached[number] == LINES:
            return Outcome.DONE
        start = max(seen.claim.start, item.reached[number])
        return (yield from self._claim_over(number, holder, start, empty=not item.finished and self._rules.empty))

    def _claim_over(self, number: int, holder: int, start: int, *, empty: bool) -> Claiming:
        """Empty the one file that no save of the holder covers, then claim."""
        claim = ClaimOver(number, holder if self._rules.claim_over_conditional else None, start)
        file = PutFile(self._file_name(number, start, holder), (), create_only=False)
        requests: list[Request] = [file, claim] if empty else [claim]
        for request in requests if self._rules.claim_over_last else requests[::-1]:
            answer = yield request
            if answer is Sent.LOST:
                return Outcome.PENDING
            if isinstance(answer, ClaimAnswer) and answer.claim.run != self._run:
                return Held(answer.claim.run)
        return start

    def _read(self, number: int, start: int) -> Steps:
        """Send lines; file the rejections at checkpoints and at the end; save at checkpoints."""
        line = start
        while line < LINES and self._reading:
            answer = yield Post(number, line)
            if answer in {Sent.LOST, Sent.UNAVAILABLE}:
                break
            line += 1
            if answer is Sent.TIME_OVER:
                self._reading = False
            elif answer is Sent.CHECKPOINT_DUE:
                if not (yield from self._file(number, start, line)):
                    return
                if (yield from self._save(finished=False)):
                    start = line
        if line > start and self._saving:
            yield from self._file(number, start, line)

    def _file(self, number: int, start: int, end: int) -> Saving:
        """File the rejections of the lines from `start` to `end`. If that is answered, the next save covers them."""
        rejected = tuple(line for line in range(start, end) if line in self._rejected_lines)
        if rejected:
            file = PutFile(self._file_name(number, start, self._run), rejected, self._rules.create_only)
            if (yield file) is Sent.LOST:
                self._answered = False
                if self._rules.answered:
                    return False
        self._reached[number] = end
        return True

    def _save(self, *, finished: bool) -> Saving:
        """Save how far the objects are. A refusal means: an earlier copy came through, or the lease is lost."""
        item = RunItem(self._run, self._saves + 1, tuple(self._reached), finished)
        answer = yield SaveRun(item, self._rules.numbered_saves)
        if not isinstance(answer, SaveAnswer):
            self._answered = False
            self._reading = self._saving = not self._rules.answered
            return False
        if not answer.accepted and (answer.item.taken or answer.item.saves != item.saves):
            self._reading = self._saving = False
            return False
        self._saves, self._committed = item.saves, list(self._reached)
        return True

    def _hand_over(self, number: int, outcome: int | Outcome | Held) -> Saving:
        """Requeue the object if it is not done. Return whether its messages may be acknowledged."""
        if outcome is Outcome.DONE or self._committed[number] == LINES:
            return True
        if not isinstance(outcome, Held):
            return (yield Requeue(number, 0)) is Sent.OK
        if not self._rules.wait:
            return True
        return (yield Requeue(number, outcome.run)) is Sent.OK

    def _file_name(self, number: int, start: int, run: int) -> FileName:
        return FileName(number, start, run if self._rules.own_names else 0)
