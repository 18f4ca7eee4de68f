"""A route that changed since it was registered, and routes that end or fail."""

from collections.abc import Iterator

import pytest

from integrations.lineage.errors import AlreadyExists, Denied, LimitReached, LineageError
from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.ports import Change, Listed
from integrations.lineage.registering.routes import register, unregister
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import (
    CONFIG,
    action_of,
    configured,
    graph_of,
    made_by_sagemaker,
    named,
    registered,
)


def test_a_changed_option_updates_the_forwarding_and_keeps_properties_of_others() -> None:
    """One write; a value that a person added is kept."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    arn = named(store, "DataCaptureForwarding")
    store.update(Change(kind=Kind.ACTION, arn=arn, properties={"owner": "ml"}))
    store.calls.clear()
    registered(store, configured(CONFIG + 'id_source = "event-id"\n'))
    assert store.writes == store.calls["update"] == 1
    assert action_of(store)[1]["owner"] == "ml"
    store.calls.clear()
    registered(store, configured(CONFIG + 'id_source = "event-id"\n'))
    assert store.writes == 0


def test_a_new_model_id_stops_the_forwarding_to_the_old_one() -> None:
    """Its record stays: it forwarded once."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    new = configured(CONFIG.replace('"M"', '"N"'))
    registered(store, new)
    statuses = sorted(
        one.details.status or ""
        for one in store.vertices.values()
        if one.type == "DataCaptureForwarding" and one.details
    )
    assert statuses == ["InProgress", "Stopped"]
    store.calls.clear()
    registered(store, new)
    assert store.writes == 0
    assert store.calls.total() <= 12


def test_another_route_on_the_same_captures_is_left_alone() -> None:
    """A second stack may forward the same captures."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    registered(store, configured(CONFIG.replace('name = "churn"', 'name = "churn-test"')))
    assert action_of(store, **{"capture-forwarder:route": "churn"})[0] == "InProgress"
    assert unregister(store, configured()).error is None
    assert action_of(store, **{"capture-forwarder:route": "churn"})[0] == "Stopped"
    assert action_of(store, **{"capture-forwarder:route": "churn-test"})[0] == "InProgress"


def test_unregister_stops_and_register_starts_again() -> None:
    """Neither deletes, and a second run of each makes no change."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    whole = graph_of(store)
    assert len(unregister(store, configured()).steps) == 1
    assert action_of(store)[0] == "Stopped"
    assert unregister(store, configured()).steps == ()
    registered(store)
    assert graph_of(store) == whole


def test_unregister_reports_a_refused_call_with_the_steps_before() -> None:
    """The custom resource makes a warning of it."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)

    def refuse(call: str) -> None:
        if call == "update":
            raise Denied("UpdateAction: not allowed")

    store.before = refuse
    outcome = unregister(store, configured())
    assert outcome.steps == ()
    (problem,) = outcome.problems
    assert problem.startswith("route churn: update action churn-forward-")
    assert problem.endswith("UpdateAction: not allowed")


@pytest.mark.parametrize("error", [LimitReached, Denied])
@pytest.mark.parametrize("call", ["endpoint", "list", "describe", "create", "link", "links"])
def test_a_route_that_fails_does_not_hinder_the_next(error: type[LineageError], call: str) -> None:
    """A refused call or a full account is a warning with the route."""
    store = InMemory()
    made_by_sagemaker(store)
    left = [error("stop")]

    def refuse(name: str) -> None:
        if name == call and left:
            raise left.pop()

    store.before = refuse
    first, second = register(store, configured() * 2)
    assert isinstance(first.error, error)
    assert "stop" in first.problems[0]
    assert second.problems == ()


class Late(InMemory):
    """Its lists do not show artifacts yet."""

    def list(self, kind: Kind, listed: Listed) -> Iterator[Vertex]:
        """Yield no artifact."""
        return iter(()) if kind is Kind.ARTIFACT else super().list(kind, listed)


def test_an_entity_that_exists_but_is_not_found_is_an_error() -> None:
    """Another process has just created it, and lists do not show it yet."""
    store = InMemory()
    made_by_sagemaker(store)
    registered(store)
    late = Late()
    late.vertices, late.edges, late.answers = store.vertices, store.edges, store.answers
    (outcome,) = register(late, configured())
    assert isinstance(outcome.error, AlreadyExists)
