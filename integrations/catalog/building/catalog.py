"""The whole catalog of an account: values -> nodes and edges, each once. Every edge leads to an entity."""

from collections.abc import Iterable

from capture_forwarder.configuration.settings import Settings
from integrations.catalog.building import keys
from integrations.catalog.building.captures import capture_parts, captures, readers
from integrations.catalog.building.forwarding import forwarding
from integrations.catalog.building.models import models, packages
from integrations.catalog.building.parts import Parts, extended, owners_of, user_of
from integrations.catalog.building.pipelines import pipelines
from integrations.catalog.building.schedules import schedules
from integrations.catalog.building.serving import endpoints, variants
from integrations.catalog.nodes import S3, Edge, Graph, Key, Node, Problem
from integrations.catalog.options import Options
from integrations.catalog.values import Estate


def build(estate: Estate, options: Options, settings: Settings | None = None) -> Graph:
    """Return the catalog of an account; without `settings`, those of a forwarder, there are no forwarding jobs."""
    nodes: dict[Key, Node] = {}
    edges: dict[Edge, None] = {}
    problems: dict[Problem, None] = {}
    for part in _parts(estate, options, settings):
        match part:
            case Node():
                nodes[part.key] = _joined(nodes.get(part.key), part)
            case Edge():
                edges[part] = None
            case Problem():
                problems[part] = None
    return Graph(nodes=tuple(nodes.values()), edges=_complete(edges, nodes), problems=tuple(problems))


def _parts(estate: Estate, options: Options, settings: Settings | None) -> Parts:
    found = tuple(captures(estate)) if options.extract_captures else ()
    yield from models(estate)
    yield from packages(estate)
    yield from _jobs(estate)
    yield from endpoints(estate, options)
    if options.extract_endpoints:
        yield from variants(estate)
    if options.extract_captures:
        yield from capture_parts(estate, found)
    yield from readers(estate.jobs, found)
    yield from pipelines(estate)
    yield from schedules(estate, found, options.s3_names)
    if settings:
        yield from forwarding(settings, found, options.s3_names)


def _jobs(estate: Estate) -> Parts:
    for job in estate.jobs:
        owners = owners_of(user_of(estate.documents.get(job.arn, {})))
        yield extended(estate, keys.job(job), job.arn, job.name, owners)
    for group in estate.feature_groups:
        name = group.feature_group_name
        yield extended(estate, keys.feature_group(name), group.feature_group_arn, name)


def _joined(first: Node | None, second: Node) -> Node:
    """Return the node of an entity that several parts of an account make, such as a model of two routes.

    The first one stays, unless only the second one has attributes.
    """
    if first is None or (second.attributes and not first.attributes):
        return second
    return first


def _complete(edges: Iterable[Edge], nodes: dict[Key, Node]) -> tuple[Edge, ...]:
    """Return the edges between entities that exist; S3 data sets of others exist without a node."""

    def exists(key: Key) -> bool:
        return key in nodes or key.platform == S3

    return tuple(edge for edge in edges if exists(edge.source) and exists(edge.target))
