"""The end of a query in time: it bounds every call that is made before it, also one that gets no answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_remaining: ContextVar[Callable[[], float] | None] = ContextVar("remaining", default=None)


@contextmanager
def limited(remaining: Callable[[], float]) -> Iterator[None]:
    """Bound the calls of a block by the seconds that `remaining` returns. Of nested blocks the earlier end counts."""
    outer = _remaining.get()
    token = _remaining.set(remaining if outer is None else lambda: min(outer(), remaining()))
    try:
        yield
    finally:
        _remaining.reset(token)


def remaining_secs() -> float | None:
    """Return the seconds that are left for a call; `None` without a limit."""
    remaining = _remaining.get()
    return None if remaining is None else remaining()
