"""`register`: the worked graph, no write at the second time, and the same graph after every fault."""

import pytest

from integrations.lineage.registering import register
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


@pytest.mark.parametrize("write", range(7))
def test_a_run_that_ended_after_any_write_is_completed_by_the_next(write: int) -> None:
    """The next run makes the rest: the same graph as without the fault."""
    whole = InMemory()
    made_by_sagemaker(whole)
    registered(whole)
    store = InMemory()
    made_by_sagemaker(store)
    left = iter(range(write))

    def die(_: str) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    store.after_writes = die
    with pytest.raises(KeyboardInterrupt):
        registered(store)
    store.after_writes = lambda _: None
    assert graph_of(store) != graph_of(whole) or write == 6
    registered(store)
    assert graph_of(store) == graph_of(whole)


def test_seven_writes_register_a_route() -> None:
    """So the test above ends a run after each of them."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    assert (store.calls["create"], store.calls["link"]) == (3, 4)
    assert store.writes == 7


@pytest.mark.parametrize("call", range(14))
def test_two_runs_at_the_same_time_make_the_same_graph(call: int) -> None:
    """The second run is complete before any one call of the first."""
    whole = InMemory()
    made_by_sagemaker(whole)
    registered(whole)
    assert whole.calls.total() == 14
    store = InMemory()
    made_by_sagemaker(store)
    calls = iter(range(call))

    def run_the_other(_: str) -> None:
        if next(calls, None) is None:
            store.before = lambda _: None
            registered(store)

    store.before = run_the_other
    registered(store)
    assert store.calls["endpoint"] == 2, "the other ran"
    assert graph_of(store) == graph_of(whole)
