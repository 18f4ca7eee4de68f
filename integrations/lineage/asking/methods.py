"""The questions of `Lineage`, as its methods."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any

from integrations.lineage.asking import (
    approvals,
    five_columns,
    questions,
    reports,
    reproduce,
    serving,
    table_start,
    versions,
)
from integrations.lineage.asking.walks import walk_of
from integrations.lineage.finding.named import find_one
from integrations.lineage.graph import Direction
from integrations.lineage.ports import Store


class Asks(ABC):
    """Answers questions about the lineage of one account and region. Texts are ARNs, names or URIs of sources."""

    _clock: Callable[[], float]

    @property
    @abstractmethod
    def store(self) -> Store:
        """Return the client that answers the calls."""
        ...

    def ask(
        self, question: questions.Question | str, text: str, direction: Direction | None = None
    ) -> questions.Answer:
        """Return the models, endpoints, data sets or others that belong to an entity: `ask("models-of", "churn")`."""
        return questions.ask(self.store, self._walk, questions.Question(question), text, direction)

    def endpoint(self, name: str) -> reports.Summary:
        """Return everything that an endpoint was made of, and the monitors of its captures."""
        return reports.endpoint(self.store, self._walk, name)

    def provenance(self, text: str) -> reports.Summary:
        """Return the data sets, jobs, images and models that an entity was made of."""
        return reports.provenance(self.store, self._walk, text)

    def report(self, since: datetime, *, require_approval: bool = False) -> reports.Report:
        """Return the models that were created since a time, with data sets, jobs and approval."""
        return reports.report(self.store, self._walk, since, require_approval=require_approval)

    def versions(self, text: str) -> versions.Versions:
        """Return the versions of a model, a model package or a package group."""
        return versions.versions(self.store, text)

    def approve(
        self, text: str, *, by: str, status: str, now: datetime, note: str | None = None, dry_run: bool = False
    ) -> str:
        """Record the approval of a model, and return the step as a sentence. With `dry_run` record none."""
        approvals.check_texts(by, note)
        wanted = approvals.parse_status(status)
        step = approvals.approve(find_one(self.store, text), wanted, by, note, now)
        if not dry_run:
            approvals.run(self.store, step)
        return approvals.sentence(step)

    def reproduce(self, text: str, name: str | None = None) -> reproduce.Reproduction:
        """Return the request of CreateTrainingJob that trains a model again, and its gaps."""
        return reproduce.reproduce(self.store, self._walk, text, name)

    def who_served(self, call: serving.Call) -> serving.Served:
        """Return the model that served a captured call, or all candidates."""
        return serving.who_served(self.store, self._walk, call)

    def table(self, start: table_start.Start | str, value: str) -> list[five_columns.Neighbours]:
        """Return the inputs and outputs of each entity that an option of `lineage table` names."""
        found = table_start.start_of(self.store, table_start.Start(start), value)
        return [five_columns.five_columns(self.store, vertex.arn) for vertex in found]

    @property
    def _walk(self) -> Any:
        return walk_of(self.store, self._clock)
