"""How SageMaker is called: the client, retries of throttled calls, and the errors of boto3 as errors of lineage."""

import logging
import os
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection
from msgspec import Struct

from integrations.lineage.deadline import remaining_secs
from integrations.lineage.errors import (
    AlreadyExists,
    Conflict,
    Cycle,
    Denied,
    Invalid,
    LimitReached,
    LineageError,
    NotFound,
    Throttled,
    TimedOut,
)
from integrations.lineage.text import visible

# Without a set-up of logging, Python prints warnings on stderr. So commands need no other set-up.
_logger = logging.getLogger(__name__)

# AWS's own notebook uses as many, because the rates of these calls are low and not published.
_MAX_ATTEMPTS = 50
# Throttled calls are tried that often. A host that does not answer is not.
_MAX_UNANSWERED = 3
# What this process has created may be visible only seconds later.
_WAITS_SECS = (0.5, 1, 2, 4, 8)
# Keys of botocore's context of one call.
_BEGUN, _NOTICED = "capture-forwarder-throttled-at", "capture-forwarder-noticed-at"
_CODES: dict[str, type[LineageError]] = {
    "ResourceNotFound": NotFound,
    "ResourceNotFoundException": NotFound,
    "ResourceInUse": AlreadyExists,
    "ResourceLimitExceeded": LimitReached,
    "ConflictException": Conflict,
    "AccessDenied": Denied,
    "AccessDeniedException": Denied,
    "UnauthorizedOperation": Denied,
    "Throttling": Throttled,
    "ThrottlingException": Throttled,
    "TooManyRequestsException": Throttled,
    "RequestLimitExceeded": Throttled,
}
# ValidationException has many meanings; its text tells them apart.
_WORDS: tuple[tuple[tuple[str, ...], type[LineageError]], ...] = (
    (("already exist",), AlreadyExists),
    (("does not exist", "not found", "could not find", "cannot find"), NotFound),
    (("cycle", "circular"), Cycle),
)
_ADVICE: dict[type[LineageError], str] = {
    Denied: "allow this action to the caller",
    Throttled: "run it again later",
    LimitReached: "delete entities that are not needed, or ask AWS for a higher limit",
}


class Patience(Struct, frozen=True, kw_only=True):
    """How long a throttled call is tried, and after which time a line says so."""

    notice_secs: float = 5
    limit_secs: float = 120

    def end(self, response: Any, operation: Any, request_dict: Any, **_: Any) -> None:
        """Raise the error of a call that was throttled for too long. botocore calls this after each try."""
        answer: Any = response[1] if response else {}
        if _CODES.get(answer.get("Error", {}).get("Code")) is not Throttled:
            return
        context, now, name = request_dict["context"], time.monotonic(), operation.name
        begun = context.setdefault(_BEGUN, now)
        if now - begun >= self.limit_secs:
            raise ClientError(answer, name)
        if now - context.setdefault(_NOTICED, begun) >= self.notice_secs:
            context[_NOTICED] = now
            _logger.warning(
                "SageMaker refuses %s because of too many requests; it is tried again, for %d seconds at most",
                name,
                self.limit_secs - (now - begun),
            )


def client(region: str | None, profile: str | None, endpoint_url: str | None, patience: Patience = Patience()) -> Any:  # noqa: B008 - frozen
    """Return a client of SageMaker. AWS_MAX_ATTEMPTS sets how often a call is tried, by default 50 times."""
    retries: Any = {"mode": "adaptive"}
    if "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["max_attempts"] = _MAX_ATTEMPTS
    config = Config(user_agent_extra="capture-forwarder", retries=retries, connect_timeout=5, read_timeout=20)
    session = boto3.Session(profile_name=profile, region_name=region)
    made = session.client("sagemaker", endpoint_url=endpoint_url, config=config)
    made.meta.events.register_first("needs-retry.sagemaker", _end_without_answer)
    made.meta.events.register_first("needs-retry.sagemaker", patience.end)
    return made


def _end_without_answer(attempts: int, caught_exception: Exception | None, **_: Any) -> None:
    """Raise the error of a host that does not answer, so that botocore does not try it as often as a throttled call."""
    if attempts >= _MAX_UNANSWERED and isinstance(caught_exception, NoConnection | HTTPClientError):
        raise caught_exception


def call(
    operation: Callable[[], Any], made: Collection[str], names: Collection[Any], sleep: Callable[[float], None]
) -> Any:
    """Call SageMaker. If it does not find an entity of `names` that is in `made`, wait for it, 16 s at most.

    Raises `TimedOut` at the end of `deadline.limited`.
    """
    for wait in (*_WAITS_SECS, None):
        try:
            return _in_time(operation)
        except ClientError as error:
            found = lineage_error(error)
            if wait is None or not isinstance(found, NotFound) or not any(name in made for name in names):
                raise found from error
            sleep(wait)
        except ParamValidationError as error:
            raise Invalid("; ".join(visible(line) for line in str(error).splitlines())) from error
    raise AssertionError  # pragma: no cover - the last wait is None


def _in_time(operation: Callable[[], Any]) -> Any:
    """Return the answer of a call; without one in time raise `TimedOut`, and leave the call to a thread that ends."""
    secs = remaining_secs()
    if secs is None:
        return operation()
    answers: SimpleQueue[Future[Any]] = SimpleQueue()
    Thread(target=lambda: answers.put(_done(operation)), daemon=True).start()
    try:
        return answers.get(timeout=max(secs, 0)).result()
    except Empty:
        raise TimedOut("SageMaker did not answer in time; raise --timeout-secs") from None


def _done(operation: Callable[[], Any]) -> Future[Any]:
    """Return the finished call: its answer or its error."""
    done: Future[Any] = Future()
    try:
        done.set_result(operation())
    except Exception as error:  # noqa: BLE001 - the caller raises it
        done.set_exception(error)
    return done


def lineage_error(error: ClientError) -> Exception:
    """Return the error of lineage for an answer of AWS; `error` itself if it is none of ours, such as expired keys."""
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    kind = _CODES.get(code)
    if code == "ValidationException":
        lower = message.lower()
        kind = next((each for words, each in _WORDS if any(word in lower for word in words)), Invalid)
    if kind is None:
        return error
    advice = f"; {_ADVICE[kind]}" if kind in _ADVICE else ""
    return kind(f"{error.operation_name}: {visible(message or code)}{advice}")
