"""Calls to AWS that are bounded in total: connecting, all bytes, and the SDK's own repeats and pauses.

The timeouts of botocore bound one wait for the network. A server that sends a byte now and then resets them each time.
So a call runs in a thread, and the caller waits no longer than it can. A call that is abandoned makes no further
attempt, and its connections are shut down, so that its thread ends.
"""

import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import TIMEOUT_MAX, Lock, local
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from botocore import awsrequest

from capture_forwarder.aws.errors import AwsError, CallFailed, TimedOut

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks
    from urllib3.connection import HTTPConnection

P = ParamSpec("P")
T = TypeVar("T")

# More than all calls that run at once. A thread starts when no other is free, so a large number costs no threads.
_THREADS = 64
_HOOK = "capture-forwarder-timed"
_thread = local()
_lock = Lock()


class Call(Generic[T]):
    """A call that has begun."""

    def __init__(self) -> None:
        self._future: Future[T]
        self._connections: list[_Watched] = []
        self._abandoned = False

    def begin(self, threads: ThreadPoolExecutor, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run `method` as soon as a thread is free."""
        self._future = threads.submit(self._run, method, *args, **kwargs)

    def result(self, within_secs: float) -> T:
        """Return the result of the call, or raise its error.

        Raises `TimedOut` after `within_secs`; then the call is abandoned, and the body of a late answer is closed.
        """
        try:
            return self._future.result(min(max(within_secs, 0.0), TIMEOUT_MAX))
        except TimeoutError:
            self._future.add_done_callback(_close_body)
            raise TimedOut(f"no answer within {within_secs:.1f} s") from None
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Cancel a call that has not begun. One that is under way makes no further attempt, and its waits end."""
        if self._future.done() or self._future.cancel():
            return
        with _lock:
            self._abandoned = True
            for connection in self._connections:
                if connection.call is self:
                    connection.shut_down()

    def then(self, close: Callable[[], object]) -> None:
        """Run `close` when the call has ended, in its thread; at once if it has ended already."""
        self._future.add_done_callback(lambda _: close())

    def use(self, connection: "_Watched") -> None:
        """Remember a connection that the call uses from now on."""
        self._connections.append(connection)

    def check(self) -> None:
        """Raise `TimedOut` if the call was abandoned."""
        if self._abandoned:
            raise TimedOut("the call was abandoned")

    def _run(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        _thread.call = self
        try:
            return with_aws_errors(method, *args, **kwargs)
        finally:
            _thread.call = None
            with _lock:  # from here on the connections may serve other calls
                self._connections.clear()


class TimedCalls:
    """Runs calls in threads of its own; may be used from any thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="aws")
        # botocore has no option for the class of its connections, so it is set for the process.
        awsrequest.AWSHTTPConnectionPool.ConnectionCls = _Connection
        awsrequest.AWSHTTPSConnectionPool.ConnectionCls = _TlsConnection

    def __call__(self, within_secs: float, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of `method`. Raises one of `AwsError`: `TimedOut` after `within_secs`."""
        if within_secs <= 0:
            raise TimedOut("no time was left for the call")
        return self.begin(method, *args, **kwargs).result(within_secs)

    def begin(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Begin `method`, and return at once."""
        call = Call[T]()
        call.begin(self._threads, method, *args, **kwargs)
        return call


def with_aws_errors(method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `method`. Raises one of `AwsError`, whatever botocore raises.

    Its parsers and hooks raise errors of many types for answers that they cannot read.
    """
    try:
        return method(*args, **kwargs)
    except AwsError:
        raise
    except Exception as error:
        raise CallFailed(type(error).__name__) from error


def watch(events: "BaseEventHooks") -> None:
    """Let the clients that a session with these `events` makes from now on obey `Call.abandon`; idempotent."""
    events.register("before-send", _refuse_late_attempts, unique_id=_HOOK)


def shut_down(connection: "HTTPConnection | None") -> None:
    """End all waits for a connection, in whichever thread, and tell the server; `None` is a connection given back."""
    if isinstance(connection, _Watched):
        connection.shut_down()


def _close_body(ended: Future[Any]) -> None:
    """Close the body of an answer that came too late, so that its connection does not stay open."""
    answer = None if ended.cancelled() or ended.exception() else ended.result()
    if isinstance(answer, dict) and "Body" in answer:
        answer["Body"].close()


def _refuse_late_attempts(**_: object) -> None:
    call = _current_call()
    if call:
        call.check()


def _current_call() -> Call[Any] | None:
    return getattr(_thread, "call", None)


class _Watched:
    """A connection with the call that uses it. Between two calls it waits in botocore's pool."""

    sock: socket.socket | None
    call: Call[Any] | None = None
    # `sock` is given away to an answer after which the server closes the connection.
    _opened: socket.socket | None = None

    def connect(self) -> None:
        """Connect. urllib3 does this before the request if it uses TLS."""
        self._begin()
        super().connect()  # type: ignore[misc]  # of the class beside this one
        self._opened = self.sock
        self._begin()  # a call that was abandoned meanwhile ends here

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        self._begin()
        super().request(*args, **kwargs)  # type: ignore[misc]  # of the class beside this one

    def shut_down(self) -> None:
        """End all waits, in whichever thread, and tell the server."""
        with suppress(OSError):  # it is closed already
            if self._opened:
                # Not the method of a TLS socket: with it the other thread would read encrypted bytes.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)

    def _begin(self) -> None:
        with _lock:
            self.call = _current_call()
            if self.call:
                self.call.check()
                self.call.use(self)


class _Connection(_Watched, awsrequest.AWSHTTPConnection):  # type: ignore[misc]  # the request has fewer types
    """A connection without TLS."""


class _TlsConnection(_Watched, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]  # the request has fewer types
    """A connection with TLS."""
