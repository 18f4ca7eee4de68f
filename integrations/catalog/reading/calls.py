"""Calls of one client of SageMaker: pages, throttling, and failures that end no run."""

from collections.abc import Callable, Iterator
from threading import Event, Lock
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from integrations.catalog.nodes import Problem, Severity
from integrations.catalog.reading.errors import THROTTLED, NoList, code_of, ends_the_run, problem_of
from integrations.catalog.reading.operations import MAY_LACK_A_LIST, PAGE_SIZE
from integrations.catalog.values import Document

# Five minutes in all, on top of what botocore waits for its own retries.
_WAITS_SECS = (1, 2, 4, 8, 16, *[30] * 9)


class CallFailed(Exception):
    """A call failed and is reported as a problem; `error` is the cause, `None` if an earlier failure ended the run."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(str(error))
        self.error = error


class Calls:
    """Makes the calls of a run, from several threads, and collects its problems.

    `sleep` waits for so many seconds, by default until `stop` is called. After an error that all other calls would meet
    too, such as refused credentials, or a host that has never answered, no further call is made, and `ended` is true.
    """

    def __init__(self, client: Any, sleep: Callable[[float], object] | None = None) -> None:
        self._client = client
        self._stopped = Event()
        self._sleep = sleep or self._stopped.wait
        self._lock = Lock()
        self._is_answered = False
        self.ended = False
        self.problems: list[Problem] = []

    def stop(self) -> None:
        """Make no further call, and end every wait: the run is interrupted."""
        self.ended = True
        self._stopped.set()

    def call(self, operation: str, place: str, parameters: Document, *, may_fail: bool = False) -> Document:
        """Return the answer without the metadata of its response; throttling is waited out.

        Raises `CallFailed`. The failure is reported as a problem of `place`, but with `may_fail` only if it ends the
        run.
        """
        if self.ended:
            raise CallFailed
        try:
            answer = self._answer(operation, parameters)
        except Exception as error:
            # A malformed answer makes botocore's parser raise errors of any type, such as AttributeError.
            self._failed(error, operation, place, may_fail=may_fail)
            raise CallFailed(error) from error
        answer.pop("ResponseMetadata", None)
        # Of a page of HTML, as a proxy answers it, botocore makes an answer without fields.
        self._is_answered = self._is_answered or bool(answer)
        return answer

    def pages(self, operation: str, place: str, **parameters: Any) -> Iterator[Document]:
        """Yield the answers of an operation with pages. Raises `CallFailed` for an error or a repeated page token."""
        seen: set[str] = set()
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, place, parameters | token)
            yield page
            following = page.get("NextToken")
            if not following:
                return
            if following in seen:
                self.report(Severity.FAILURE, f"{operation} repeats a page", place, "report it to AWS, and run again")
                raise CallFailed
            seen.add(following)
            token = {"NextToken": following}

    def items(self, operation: str, key: str, **parameters: Any) -> Iterator[Document]:
        """Yield the items of a listing, up to the first error, a failure in the report."""
        resource = parameters.get("Resource")
        place = f"{operation} of {resource}" if resource else operation
        try:
            for page in self.pages(operation, place, MaxResults=PAGE_SIZE, **parameters):
                listed = page.get(key)
                if listed is None and operation not in MAY_LACK_A_LIST:
                    self._failed(NoList(f"it has no {key}"), operation, place, may_fail=False)
                    return
                yield from (each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict))
        except CallFailed:
            return

    def report(self, severity: Severity, title: str, place: str, advice: str, detail: str = "") -> None:
        """Add a problem."""
        with self._lock:
            self.problems.append(Problem(severity, title, place, advice, detail))

    def _answer(self, operation: str, parameters: dict[str, Any]) -> Document:
        method = getattr(self._client, xform_name(operation))
        for wait_secs in _WAITS_SECS:
            try:
                return dict(method(**parameters))
            except ClientError as error:
                if code_of(error) not in THROTTLED or self._stopped.is_set():
                    raise
                self._sleep(wait_secs)
        return dict(method(**parameters))

    def _failed(self, error: Exception, operation: str, place: str, *, may_fail: bool) -> None:
        with self._lock:
            self._is_answered = self._is_answered or isinstance(error, ClientError)
            was_ended = self.ended
            self.ended = was_ended or ends_the_run(error, is_first=not self._is_answered)
            if not was_ended and (self.ended or not may_fail):
                self.problems.append(problem_of(error, operation, place, ended=self.ended))
