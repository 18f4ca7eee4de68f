"""Threads for calls that may hang, so that the caller never waits longer than it can."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A number of threads. A call that is abandoned keeps its thread until it ends; later calls get new threads."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._executor = self._new()

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin `call` as soon as a thread is free."""
        return self._executor.submit(call, *args, **kwargs)

    def call(self, within_secs: float, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of `call`. Raises `TimeoutError` after `within_secs`; then the call is abandoned."""
        future = self.submit(call, *args, **kwargs)
        try:
            return future.result(max(0.0, within_secs))
        except TimeoutError:
            if not future.done():
                self.abandon()
            raise

    def abandon(self) -> None:
        """Cancel the calls that have not begun, and leave those under way to themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._new()

    def _new(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, thread_name_prefix=self._name)
