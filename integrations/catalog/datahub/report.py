"""The report of a run: DataHub's counters, and skipped entities with the reason and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from datahub.ingestion.source.aws.sagemaker_processors.common import SagemakerSourceReport

from integrations.catalog.nodes import Problem, Severity


@dataclass
class CaptureReport(SagemakerSourceReport):
    """The report of `sagemaker-capture`. A failure keeps the run from removing stale entities, a warning does not."""

    nodes_added: int = 0
    edges_added: int = 0

    def add(self, problem: Problem) -> None:
        """Report a problem that reading or building found."""
        report = self.failure if problem.severity is Severity.FAILURE else self.warning
        report(title=problem.title, message=problem.advice, context=problem.place, log=False)

    def marked(self, title: str, place: str, advice: str) -> None:
        """Report a part of an entity that is left out."""
        self.add(Problem(Severity.WARNING, title, place, advice))

    @contextmanager
    def skipping(self, kind: str, name: object) -> Iterator[None]:
        """Skip an entity whose answer lacks a field or has one of another type; the rest of the run goes on."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            advice = f"{reason}; look at the {kind} in the console, and delete it there if it is damaged"
            self.add(Problem(Severity.FAILURE, f"Malformed {kind} is skipped", str(name), advice))
