"""The store of one account and region, with an index for each question that an operation asks."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from moto.sagemaker.models import sagemaker_backends

from tests.lineage_fake.records import Association, Call, Entity

_KINDS = {"artifact": "Artifact", "action": "Action", "context": "Context"}
_ATTRIBUTE = "lineage"


def store_of(account: str, region: str) -> "Store":
    """Return the store of an account and region. It is a part of moto's backend, and is reset with it."""
    backend = sagemaker_backends[account][region]
    if _ATTRIBUTE not in backend.__dict__:
        backend.__dict__[_ATTRIBUTE] = Store(backend)
    store: Store = backend.__dict__[_ATTRIBUTE]
    return store


def forget_stores() -> None:
    """Remove all stores."""
    for regions in list(sagemaker_backends.values()):
        for backend in list(regions.values()):
            backend.__dict__.pop(_ATTRIBUTE, None)


class Store:
    """Entities and associations. `version` grows with every change, so that a result can be kept until then."""

    def __init__(self, backend: Any) -> None:
        """Make an empty store. The backend of moto holds jobs and trial components."""
        self.backend = backend
        self.entities: dict[str, Entity] = {}
        self.named: dict[tuple[str, str], Entity] = {}
        self.by_uri: dict[str, dict[str, Entity]] = defaultdict(dict)
        self.outgoing: dict[str, dict[str, Association]] = defaultdict(dict)
        self.incoming: dict[str, dict[str, Association]] = defaultdict(dict)
        self.jobs: dict[str, tuple[str, str]] = {}
        """The ARN and the source type of the job of a trial component. moto has no place for it."""
        self.manual: Counter[str] = Counter()
        """How many entities and associations of each kind count against the account's limits."""
        self.version = 0
        self.results: dict[str, tuple[int, list[Any]]] = {}
        self.snapshots: dict[str, Any] = {}

    def arn(self, resource: str, name: str) -> str:
        """Return an ARN of this account and region."""
        place = f"{self.backend.region_name}:{self.backend.account_id}"
        return f"arn:{self.backend.partition}:sagemaker:{place}:{resource}/{name}"

    def add(self, entity: Entity) -> None:
        """Add an entity."""
        self.entities[entity.arn] = entity
        self.by_uri[entity.source["SourceUri"]][entity.arn] = entity
        if entity.name and entity.kind != "Artifact":
            self.named[entity.kind, entity.name] = entity
        self.manual[entity.kind] += not entity.automatic
        self.version += 1

    def remove(self, entity: Entity) -> None:
        """Remove an entity that has no associations."""
        del self.entities[entity.arn]
        del self.by_uri[entity.source["SourceUri"]][entity.arn]
        if entity.name:
            self.named.pop((entity.kind, entity.name), None)
        self.manual[entity.kind] -= not entity.automatic
        self.version += 1

    def link(self, association: Association) -> None:
        """Add an association."""
        self.outgoing[association.source][association.destination] = association
        self.incoming[association.destination][association.source] = association
        self.manual["Association"] += not association.automatic
        self.version += 1

    def unlink(self, association: Association) -> None:
        """Remove an association."""
        del self.outgoing[association.source][association.destination]
        del self.incoming[association.destination][association.source]
        self.manual["Association"] -= not association.automatic
        self.version += 1

    def associations(self, source: str | None = None, destination: str | None = None) -> Iterator[Association]:
        """Yield the associations from a source, to a destination, or all."""
        if source is not None:
            found: Mapping[str, Association] = self.outgoing.get(source, {})
            yield from (each for each in found.values() if destination in {None, each.destination})
        elif destination is not None:
            yield from self.incoming.get(destination, {}).values()
        else:
            for outgoing in self.outgoing.values():
                yield from outgoing.values()

    def find(self, arn: str, call: Call) -> Entity | None:
        """Return the entity of an ARN, also of another account, if it exists and is visible."""
        _, _, _, region, account, resource = arn.split(":", 5)
        if region not in sagemaker_backends[account].regions:
            return None
        if (account, region) != (self.backend.account_id, self.backend.region_name):
            return store_of(account, region).find(arn, call)
        kind, _, name = resource.partition("/")
        if kind in _KINDS:
            entity = self.entities.get(arn)
            return entity if entity and call.sees(entity) else None
        if kind == "experiment-trial-component":
            return self._trial_component(self.backend.trial_components.get(name))
        return _experiment(self.backend.experiments.get(name))

    def _trial_component(self, found: Any) -> Entity | None:
        if not found:
            return None
        arn, source_type = self.jobs.get(found.arn, ("", ""))
        return Entity(
            kind="TrialComponent",
            arn=found.arn,
            name=found.trial_component_name,
            type=source_type.removeprefix("SageMaker"),
            source={"SourceUri": arn},
            created=found.creation_time,
            modified=found.last_modified_time,
        )


def _experiment(found: Any) -> Entity | None:
    if not found:
        return None
    return Entity(
        kind="Experiment",
        arn=found.arn,
        name=found.experiment_name,
        type="",
        source={"SourceUri": ""},
        created=found.creation_time,
        modified=found.last_modified_time,
    )
