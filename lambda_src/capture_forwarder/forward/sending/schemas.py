"""The schemas of models, which are requested within a share of a run's time."""

from concurrent.futures import Future
from functools import partial

from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.domain.schema import ModelSchema
from capture_forwarder.forward.run import Run
from capture_forwarder.forward.sending.delivering import asked_to_wait
from capture_forwarder.forward.sending.in_flight import InFlight
from capture_forwarder.forward.sending.target import Target

_TOO_LATE = "the invocation's time was used up before the model's attributes were requested"
_NO_SCHEMAS = "it knows no attributes of models; list them as [[route.attribute]]"
# A schema is small. After one that was not sent in time the next may take half as long, so all take about a minute.
_MAX_SCHEMA_SECS = 30.0
_MIN_SCHEMA_SECS = 1.0
_SCHEMA_SHARE = 1 / 3


class Schemas:
    """The schemas of models, or the errors of their requests; each model is asked once a run."""

    def __init__(self, run: Run, in_flight: InFlight) -> None:
        self._run = run
        self._in_flight = in_flight
        self._answers: dict[tuple[str, str], ModelSchema | Exception] = {}
        self._late = 0

    def schema(self, target: Target, model_id: str) -> ModelSchema:
        """Return the attributes of a model. Raises `DestinationUnavailable`."""
        key = (target.name, model_id)
        if key not in self._answers:
            wait_secs = target.retry_times.left_secs(model_id, self._run.now())
            self._answers[key] = asked_to_wait(wait_secs) if wait_secs else self._request(target, model_id)
        answer = self._answers[key]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _request(self, target: Target, model_id: str) -> ModelSchema | Exception:
        """Ask on a thread, so that a call that hangs takes no more than its share of the time."""
        run, answers = self._run, list[ModelSchema | Exception]()
        if target.schemas is None:
            return DestinationDenied(_NO_SCHEMAS)
        share_secs = min(_MAX_SCHEMA_SECS, run.deadline.left_secs(0) * _SCHEMA_SHARE)
        if share_secs <= 0:
            return DestinationUnavailable(_TOO_LATE)
        within_secs = max(min(_MIN_SCHEMA_SECS, share_secs), share_secs / 2**self._late)
        ends = run.clock() + within_secs
        call = partial(target.schemas.schema, model_id, within_secs=within_secs)
        future = self._in_flight.begin(target.workers, call, lambda ended: answers.append(_answer(ended)))
        self._in_flight.wait_while(lambda: not answers and run.clock() < ends)
        self._in_flight.abandon(future)
        if isinstance(answers[0], DestinationUnavailable):
            self._late += answers[0].unanswered
            target.retry_times.remember(model_id, answers[0].retry_after_secs, run.now())
        return answers[0]


def _answer(ended: Future[ModelSchema] | None) -> ModelSchema | Exception:
    if ended is None:
        return DestinationUnavailable("the model's attributes were not sent in time", unanswered=True)
    try:
        return ended.result()
    except Exception as error:  # noqa: BLE001 - it is raised for every route of the model
        return error
