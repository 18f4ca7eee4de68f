"""The entities and associations that the fake keeps, and the request that it answers."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from tests.lineage_fake.modes import Modes


class Entity(Struct, kw_only=True):
    """An artifact, an action or a context; or, in queries and lists, a trial component or experiment of moto."""

    kind: str
    """`Artifact`, `Action`, `Context`, `TrialComponent` or `Experiment`."""
    arn: str
    name: str | None
    type: str
    source: dict[str, Any]
    created: datetime
    modified: datetime
    number: int = 0
    """The number of the call that created it: it orders entities that were created at the same time."""
    properties: dict[str, str] = {}
    description: str | None = None
    status: str | None = None
    metadata: dict[str, str] | None = None
    tags: dict[str, str] = {}
    automatic: bool = False
    """Whether SageMaker made it. Automatic entities do not count against the account's limits."""


class Association(Struct, kw_only=True, frozen=True):
    """An edge."""

    source: str
    destination: str
    type: str | None
    created: datetime
    number: int = 0
    automatic: bool = False


class Call(Struct, frozen=True, kw_only=True):
    """A request."""

    operation: str
    params: dict[str, Any]
    number: int
    """Its number among all calls of the fake, from 1."""
    now: datetime
    """The time in UTC without a zone, as moto has it, in whole milliseconds, as the answers have it."""
    modes: Modes

    def get(self, name: str) -> Any:
        """Return a parameter, or None."""
        return self.params.get(name)

    def sees(self, record: Entity | Association) -> bool:
        """Return whether the record is visible yet."""
        return not self.modes.hidden_for_calls or record.number + self.modes.hidden_for_calls < self.number
