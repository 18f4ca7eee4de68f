"""Where an invocation is in the protocol, as a number, so that states can be compared and stored."""

from tests.model.protocol import Invocation, Rules
from tests.model.requests import Answer, Request
from tests.model.world import Stored

Messages = tuple[tuple[int, int], ...]  # message and object


class Programs:
    """Numbers the places that invocations reach. A place is a run, its messages, and the answers that it has got.

    A generator cannot be copied. So a place that is reached for the first time begins a new invocation and sends it all
    the answers again.
    """

    def __init__(self, stored: Stored, rules: Rules) -> None:
        self._stored = stored
        self._rules = rules
        self._histories: list[tuple[int, Messages, tuple[Answer, ...]]] = []
        self._requests: list[Request | None] = []
        self._first: dict[tuple[int, Messages], int] = {}
        self._next: dict[tuple[int, Answer], int] = {}

    def start(self, run: int, messages: Messages) -> int:
        """Return the place where a new invocation begins."""
        if (run, messages) not in self._first:
            self._first[run, messages] = self._add(run, messages, ())
        return self._first[run, messages]

    def request(self, place: int) -> Request | None:
        """Return the request that is made at `place`; `None` at the end."""
        return self._requests[place]

    def after(self, place: int, answer: Answer) -> int:
        """Return the place that follows `place` after `answer`."""
        found = self._next.get((place, answer))
        if found is None:
            run, messages, answers = self._histories[place]
            found = self._next[place, answer] = self._add(run, messages, (*answers, answer))
        return found

    def _add(self, run: int, messages: Messages, answers: tuple[Answer, ...]) -> int:
        steps = Invocation(run, messages, self._stored, self._rules).steps()
        request: Request | None
        try:
            request = next(steps)
            for answer in answers:
                request = steps.send(answer)
        except StopIteration:
            request = None
        self._histories.append((run, messages, answers))
        self._requests.append(request)
        return len(self._requests) - 1
