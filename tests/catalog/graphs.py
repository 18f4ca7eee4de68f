"""Graphs of the accounts of tests, and questions about them."""

from capture_forwarder.configuration.reader import parse_settings
from integrations.catalog.building.catalog import build
from integrations.catalog.nodes import S3, Entity, Graph, Key, Node
from integrations.catalog.options import Options
from integrations.catalog.reader import read
from tests.catalog import accounts
from tests.catalog.table import Table
from tests.catalog.table_server import serving

ROUTE = """
[[destination]]
name = "arthur-eu"
kind = "arthur"
url = "https://arthur.example.com"
secret = "env:TOKEN"
"""


def route(name: str, prefix: str, model_id: str, more: str = "") -> str:
    """Return a route, as a part of a file."""
    bucket = accounts.BUCKET
    return (
        f'[[route]]\nname = "{name}"\nbucket = "{bucket}"\nprefix = "{prefix}"\ndestination = "arthur-eu"\n'
        f'model_id = "{model_id}"\n{more}\n'
    )


def graph_of(table: Table, *routes: str, options: Options = Options()) -> Graph:  # noqa: B008 - a frozen value
    """Return the catalog of an account and a forwarder."""
    with serving(table) as server:
        reading = read(server.client(), options, sleep=lambda _: None)
    settings = parse_settings(ROUTE + "".join(routes)) if routes else None
    return build(reading.estate, options, settings)


def captures(*parts: str) -> Key:
    """Return the key of the captures below the destination of the accounts."""
    return Key(Entity.DATASET, S3, "/".join((accounts.BUCKET, "captures", *parts)))


def node(graph: Graph, key: Key) -> Node:
    """Return the node with this key."""
    return next(each for each in graph.nodes if each.key == key)


def reached(graph: Graph, start: Key) -> set[Key]:
    """Return all entities that data of `start` flow to."""
    found, following = {start}, [start]
    while following:
        key = following.pop()
        new = {edge.target for edge in graph.edges if edge.source == key} - found
        found |= new
        following += new
    return found
