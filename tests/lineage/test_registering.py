"""`register`: the worked graph, no write at the second time, and the same graph after every fault."""

import pytest

from integrations.lineage.graph import Edge, Kind
from integrations.lineage.registering import register, unregister
from integrations.lineage.registration import MANAGED
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import configured, graph_of, made_by_sagemaker

WRITES = ("create", "link", "update")


def registered(store: InMemory) -> None:
    """Register the route, without warnings."""
    for outcome in register(store, configured()):
        assert (outcome.error, outcome.warnings) == (None, ())


def named(store: InMemory, type_: str) -> str:
    """Return the ARN of the one entity of a type."""
    (arn,) = (arn for arn, vertex in store.vertices.items() if vertex.type == type_)
    return arn


def test_the_worked_graph_is_registered() -> None:
    """Two artifacts, one action and four associations, each as the facts show it."""
    store = InMemory()
    made = made_by_sagemaker(store)
    before = set(store.vertices), dict(store.edges)
    registered(store)
    new = {arn: store.vertices[arn] for arn in store.vertices.keys() - before[0]}
    (captures,) = (arn for arn, one in new.items() if one.type == "DataSet")
    forwarding, monitored = named(store, "DataCaptureForwarding"), named(store, "MonitoredModel")
    assert new.keys() == {captures, forwarding, monitored}
    assert {pair: edge.type for pair, edge in store.edges.items() if pair not in before[1]} == {
        (made.context, captures): "Produced",
        (captures, forwarding): "ContributedTo",
        (forwarding, monitored): "Produced",
        (made.package, monitored): "AssociatedWith",
    }
    assert {one.details.source_uri for one in new.values() if one.details} == {
        "s3://the-bucket/datacapture/churn/",
        "https://arthur.example.com/models/M",
    }
    assert all(store.tagged[arn] == MANAGED for arn in new)


def test_a_second_run_writes_nothing_and_reads_at_most_twelve_times() -> None:
    """One read an entity, and one a side of it."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    store.calls.clear()
    registered(store)
    assert store.writes == 0
    assert store.calls.total() <= 12
