"""What the configuration registers in lineage, and the steps that are missing; pure. Keys of new entities are names.

For each route and endpoint, section "Worked graph" of docs/lineage.md:

    endpoint context -Produced-> captures -ContributedTo-> forwarding -Produced-> monitored model
    model -AssociatedWith-> monitored model
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from integrations.lineage.graph import Edge, Kind, Vertex
from integrations.lineage.planning.naming import hashed_name
from integrations.lineage.planning.steps import Amend, Create, Join, Step
from integrations.lineage.ports import NewEntity

MANAGED = {"capture-forwarder:managed": "true"}
"""The tag of every entity that `register` creates. `clean` deletes no entity without it."""
ROUTE = "capture-forwarder:route"
"""The property with the unaltered name of the route: names of entities allow fewer characters."""
PROPERTY = "Registrations"
"""The property of the stack's custom resource that has the routes."""
DATA_SET, FORWARDING, MONITORED_MODEL, ENDPOINT = "DataSet", "DataCaptureForwarding", "MonitoredModel", "Endpoint"
IN_PROGRESS, STOPPED = "InProgress", "Stopped"

_PRODUCED, _CONTRIBUTED, _ASSOCIATED = "Produced", "ContributedTo", "AssociatedWith"
_ENDPOINT_NAME = re.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


class Place(Struct, frozen=True):
    """The account and the region of the endpoint."""

    account: str
    region: str

    @classmethod
    def of(cls, arn: str) -> "Place":
        """Return the place that an ARN names."""
        _, _, _, region, account, *_ = arn.split(":")
        return cls(account, region)


class Target(Struct, frozen=True, kw_only=True):
    """A model at a destination of a route."""

    destination: str
    model_id: str
    source_uri: str
    """The address of the model: the identity of its artifact."""
    configuration: str
    """The SHA-256 of the options of the route and the destination."""


class Registration(Struct, frozen=True, kw_only=True):
    """One route with all its destinations, as the configuration has it."""

    route: str
    bucket: str
    prefix: str
    targets: tuple[Target, ...]
    version: str
    """The version of capture-forwarder."""

    @property
    def uri(self) -> str:
        """The S3 URI of the route's captures."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints that the prefix may name, the likeliest first: a key is PREFIX/ENDPOINT/VARIANT/yyyy/..."""
        folders = reversed(self.prefix.split("/")[-3:-1])
        return tuple(folder for folder in folders if _ENDPOINT_NAME.fullmatch(folder))


class Registered(Struct, frozen=True):
    """The names of the entities of one route, endpoint and target."""

    forwarding: str
    monitored: str


class Known(Struct, frozen=True, kw_only=True):
    """What lineage holds already for one route and endpoint."""

    endpoint: str
    endpoint_arn: str
    capture_uri: str
    """The S3 URI of the captures of this endpoint that the route covers."""
    context: str | None = None
    model: str | None = None
    """The ARN of the artifact of the model that the endpoint serves: its package, else its model.tar.gz."""
    captures: str | None = None
    forwardings: Mapping[str, Vertex] = {}
    """The actions, by name, with all details."""
    monitored: Mapping[str, str] = {}
    """The ARNs of the monitored models, by source URI."""
    edges: frozenset[tuple[str, str]] = frozenset()
    stale: tuple[Vertex, ...] = ()
    """Actions in progress of this route that no target stands for any more."""


def names(registration: Registration, endpoint: str, target: Target, place: Place) -> Registered:
    """Return the names of the entities of a target."""
    parts = (place.account, place.region, registration.route, endpoint, target.destination, target.model_id)
    return Registered(
        hashed_name(f"{registration.route}-forward", *parts), hashed_name(f"{registration.route}-monitor", *parts)
    )


def captures_name(registration: Registration, endpoint: str, place: Place) -> str:
    """Return the name of the artifact of the captures."""
    return hashed_name(f"{registration.route}-capture", place.account, place.region, registration.route, endpoint)


def steps(registration: Registration, known: Known) -> Iterator[Step]:
    """Yield the writes that are missing, in their order; none if all is registered."""
    there = set(known.edges)
    for step in _all_steps(registration, known):
        if isinstance(step, Join):
            ends = (step.edge.source, step.edge.destination)
            if ends in there:
                continue
            there.add(ends)
        yield step


def _all_steps(registration: Registration, known: Known) -> Iterator[Step]:
    """Yield the missing entities, and all edges."""
    context = known.context or context_name(known.endpoint)
    if not known.context:
        yield _entity(registration, Kind.CONTEXT, ENDPOINT, context, known.endpoint_arn)
    captures = known.captures or captures_name(registration, known.endpoint, Place.of(known.endpoint_arn))
    if not known.captures:
        yield _entity(registration, Kind.ARTIFACT, DATA_SET, captures, known.capture_uri)
    yield Join(Edge(context, captures, _PRODUCED))
    monitored = dict(known.monitored)
    for target in registration.targets:
        yield from _of_target(registration, known, target, captures, monitored)
    yield from map(stopped, known.stale)


def context_name(endpoint: str) -> str:
    """Return the name of our context of an endpoint without a context of SageMaker."""
    return f"{endpoint}-capture-forwarder"


def stopped(action: Vertex) -> Amend:
    """Return the step that marks a forwarding as ended."""
    return Amend(vertex=action, status=STOPPED)


def forwarding_properties(registration: Registration, target: Target) -> dict[str, str]:
    """Return the properties of the forwarding: no secret, and no count that changes with an object."""
    return {
        ROUTE: registration.route,
        "capture-forwarder:version": registration.version,
        "capture-forwarder:destination": target.destination,
        "capture-forwarder:configuration": target.configuration,
    }


def _of_target(
    registration: Registration, known: Known, target: Target, captures: str, monitored: dict[str, str]
) -> Iterator[Step]:
    """Yield the steps of a target; `monitored` has the models so far by source URI, and is given a new one."""
    named = names(registration, known.endpoint, target, Place.of(known.endpoint_arn))
    action = known.forwardings.get(named.forwarding)
    forwarding = action.arn if action else named.forwarding
    yield from _forwarding(registration, known, target, named.forwarding)
    yield Join(Edge(captures, forwarding, _CONTRIBUTED))
    if target.source_uri not in monitored:
        monitored[target.source_uri] = named.monitored
        yield _entity(registration, Kind.ARTIFACT, MONITORED_MODEL, named.monitored, target.source_uri)
    model = monitored[target.source_uri]
    yield Join(Edge(forwarding, model, _PRODUCED))
    if known.model:
        yield Join(Edge(known.model, model, _ASSOCIATED))


def _forwarding(registration: Registration, known: Known, target: Target, name: str) -> Iterator[Step]:
    """Yield the creation of the action, or its change. Properties that others set are kept."""
    properties = forwarding_properties(registration, target)
    action = known.forwardings.get(name)
    if action is None:
        made = _entity(registration, Kind.ACTION, FORWARDING, name, known.capture_uri)
        yield Create(name, replace(made.entity, status=IN_PROGRESS, properties=properties))
        return
    before, status = (action.details.properties, action.details.status) if action.details else ({}, None)
    changed = {key: value for key, value in properties.items() if before.get(key) != value}
    if changed or status != IN_PROGRESS:
        yield Amend(vertex=action, properties=changed, status=None if status == IN_PROGRESS else IN_PROGRESS)


def _entity(registration: Registration, kind: Kind, type_: str, name: str, source_uri: str) -> Create:
    properties = {ROUTE: registration.route}
    entity = NewEntity(kind=kind, type=type_, name=name, source_uri=source_uri, properties=properties, tags=MANAGED)
    return Create(name, entity)
