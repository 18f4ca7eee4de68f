"""The report of a run: DataHub's counters, and skipped entities with the reason and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from datahub.ingestion.source.aws.sagemaker_processors.common import SagemakerSourceReport

from integrations.catalog.nodes import Problem, Severity

# DataHub keeps a random ten of all findings and of the places of each. Here each skipped entity has its line.
MAX_FINDINGS = 10_000
# DataHub's processors say of these that they are unknown, and give no next step.
UNKNOWN_STATUSES = ("Unknown SageMaker job status", "Unknown SageMaker endpoint status")
_NEXT_STEP = "it is shown with the status UNKNOWN; if AWS has added this status, report it to capture-forwarder"


@dataclass
class CaptureReport(SagemakerSourceReport):
    """The report of `sagemaker-capture`. A failure keeps the run from removing stale entities, a warning does not.

    `cannot_use_aws` says that the run has ended early: no credentials, no connection, or refused credentials.
    """

    nodes_added: int = 0
    edges_added: int = 0
    cannot_use_aws: bool = False

    def add(self, problem: Problem) -> None:
        """Report a problem that reading or building found."""
        report = self.failure if problem.severity is Severity.FAILURE else self.warning
        place = f"{problem.place}: {problem.detail}" if problem.detail else problem.place
        report(title=problem.title, message=problem.advice, context=place, log=False)

    def marked(self, title: str, place: str, advice: str) -> None:
        """Report a part of an entity that is left out."""
        self.add(Problem(Severity.WARNING, title, place, advice))

    def warning(self, message: Any, context: str | None = None, title: Any = None, *rest: Any, **more: Any) -> None:
        """Report a warning; one of an unknown status gets a next step."""
        if message in UNKNOWN_STATUSES:
            title, message = message, _NEXT_STEP
        super().warning(message, context, title, *rest, **more)

    def set_sample_sizes(
        self, failure_size: int | None = None, warning_size: int | None = None, info_size: int | None = None
    ) -> None:
        """Keep every failure and warning. DataHub's pipeline calls this with the sizes of the recipe, 10 by default."""
        super().set_sample_sizes(max(failure_size or 0, MAX_FINDINGS), max(warning_size or 0, MAX_FINDINGS), info_size)

    @contextmanager
    def skipping(self, kind: str, name: object) -> Iterator[None]:
        """Skip an entity whose answer lacks a field or has one of another type; the rest of the run goes on."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            advice = f"look at the {kind} in the console, and delete it there if it is damaged"
            self.add(Problem(Severity.FAILURE, f"Malformed {kind} is skipped", str(name), advice, reason))
