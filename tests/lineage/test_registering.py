"""`register`: the worked graph, no write at the second time, and the same graph after every fault."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from integrations.lineage.planning.naming import hashed_name
from integrations.lineage.registering.configured import public_url
from integrations.lineage.registering.registration import MANAGED, Place, names
from integrations.lineage.registering.routes import register
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import (
    CONFIG,
    ENDPOINT_ARN,
    action_of,
    configured,
    graph_of,
    made_by_sagemaker,
    named,
    registered,
    with_destinations,
)


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


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("known", [True, False])
def test_the_numbers_of_entities_and_associations(count: int, known: bool) -> None:  # noqa: FBT001 - a case
    """At most 2 + 2n entities and 1 + 3n associations for n destinations; a context only if SageMaker has none."""
    store = InMemory()
    made = made_by_sagemaker(store)
    if not known:
        store.unlink(made.deployment, made.context)
        store.delete(store.vertices[made.context])
    before = len(store.vertices), len(store.edges)
    outcomes = list(register(store, with_destinations(count)))
    assert [outcome.error for outcome in outcomes] == [None]
    entities, edges = len(store.vertices) - before[0], len(store.edges) - before[1]
    assert (entities, edges) == (1 + (not known) + 2 * count, 1 + (2 + known) * count)
    assert next(register(store, with_destinations(count))).steps == ()


def test_destinations_with_the_same_address_share_the_monitored_model() -> None:
    """Two ways to one model: the model is associated once."""
    store = InMemory()
    made = made_by_sagemaker(store)
    (one,) = configured()
    second = replace(one.targets[0], destination="second")
    registered(store, (replace(one, targets=(one.targets[0], second)),))
    monitored = named(store, "MonitoredModel")
    into = [source for source, destination in store.edges if destination == monitored]
    assert len(into) == 3
    assert made.package in into


def test_our_context_is_made_where_sagemaker_has_none() -> None:
    """Its source is the endpoint, so it is found by it."""
    store = InMemory()
    store.answers["endpoint", "churn"] = {"EndpointArn": ENDPOINT_ARN}
    (outcome,) = register(store, configured())
    assert outcome.problems == (
        "route churn: lineage has no deployment of the endpoint churn yet; no model is associated",
    )
    context = store.vertices[named(store, "Endpoint")]
    assert context.details
    assert (context.details.name, context.details.source_uri) == ("churn-capture-forwarder", ENDPOINT_ARN)
    assert store.tagged[context.arn] == MANAGED


def test_the_model_is_associated_when_lineage_knows_it_later() -> None:
    """SageMaker's own entities come up to minutes after the endpoint."""
    store = InMemory()
    made = made_by_sagemaker(store)
    store.unlink(made.deployment, made.context)
    assert next(register(store, configured())).warnings
    store.join(made.deployment, made.context, "AssociatedWith")
    store.calls.clear()
    registered(store)
    assert store.writes == 1
    assert (made.package, named(store, "MonitoredModel")) in store.edges


def test_the_forwarding_has_the_properties_of_the_facts() -> None:
    """No secret, no payload, and no counter that changes by object."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    status, properties = action_of(store)
    digest = properties.pop("capture-forwarder:configuration")
    assert (status, len(digest)) == ("InProgress", 64)
    assert properties == {
        "capture-forwarder:route": "churn",
        "capture-forwarder:version": "1.2.3",
        "capture-forwarder:destination": "arthur",
    }


def test_names_differ_by_account_region_route_endpoint_destination_and_model() -> None:
    """All are hashed into names, so that no two registrations share one."""
    (one,) = configured()
    target, place = one.targets[0], Place("123456789012", "eu-west-1")
    made = {
        names(route, endpoint, to, where).forwarding
        for route in (one, replace(one, route="churn."))
        for endpoint in ("churn", "fraud")
        for to in (target, replace(target, destination="d"), replace(target, model_id="N"))
        for where in (place, Place("123456789012", "us-east-1"), Place("210987654321", "eu-west-1"))
    }
    assert len(made) == 2 * 2 * 3 * 3


@given(st.text(min_size=1), st.lists(st.text(), max_size=3))
def test_every_name_is_one_that_sagemaker_accepts(text: str, parts: list[str]) -> None:
    """And the same one every time."""
    name = hashed_name(text, *parts)
    assert re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}", name)
    assert name == hashed_name(text, *parts)
    assert hashed_name(text, "a", "b") != hashed_name(text, "ab")


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://arthur.example.com", "https://arthur.example.com"),
        ("https://user:secret@arthur.example.com:8443/base/", "https://arthur.example.com:8443/base"),
        ("https://arthur.example.com/a?token=secret#part", "https://arthur.example.com/a"),
    ],
)
def test_no_secret_of_an_address_is_recorded(url: str, public: str) -> None:
    """The configuration refuses them, and lineage must not depend on that."""
    assert public_url(url) == public


def test_a_model_id_is_one_part_of_the_address() -> None:
    """Its slashes and question marks are quoted."""
    (one,) = configured(CONFIG.replace('"M"', '"a/b?c"'))
    assert one.targets[0].source_uri == "https://arthur.example.com/models/a%2Fb%3Fc"
