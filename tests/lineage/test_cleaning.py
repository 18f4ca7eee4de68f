"""`clean`: deletes the entities with our tag and no others, also after interruptions."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from integrations.lineage.graph import Kind, Vertex
from integrations.lineage.registering.cleaning import removals, remove
from integrations.lineage.registering.registration import MANAGED
from integrations.lineage.registering.routes import register
from tests.lineage.in_memory import InMemory
from tests.lineage.registered import CONFIG, ENDPOINT_ARN, configured, graph_of, made_by_sagemaker


def registered(text: str = CONFIG, *, sagemaker: bool = True) -> InMemory:
    """Return a lineage with a registered configuration."""
    store = InMemory()
    made_by_sagemaker(store)
    if not sagemaker:
        store = InMemory()
        store.answers["endpoint", "churn"] = {"EndpointArn": ENDPOINT_ARN}
    assert [outcome.error for outcome in register(store, configured(text))] == [None] * text.count("[[route]]")
    return store


def cleaned(store: InMemory, route: str | None = None, before: datetime | None = None) -> set[str]:
    """Clean, and return the types of the entities that are deleted."""
    found = removals(store, route, before)
    for removal in found:
        remove(store, removal)
    return {removal.vertex.type for removal in found}


def test_all_that_register_made_is_deleted_and_nothing_else() -> None:
    """With its associations, also those to SageMaker's entities."""
    store, before = registered(), InMemory()
    made_by_sagemaker(before)
    assert cleaned(store) == {"DataCaptureForwarding", "DataSet", "MonitoredModel"}
    assert graph_of(store) == graph_of(before)
    assert cleaned(store) == set()


def test_our_context_is_deleted_too() -> None:
    """It has a tag as the others have."""
    store = registered(sagemaker=False)
    assert "Endpoint" in cleaned(store)
    assert store.vertices == {}


def test_an_entity_without_our_tag_is_kept() -> None:
    """Also with our name and type: a person removed the tag to keep it."""
    store = registered()
    kept = {arn for arn, tags in store.tagged.items() if tags == MANAGED}
    for arn in kept:
        store.tagged[arn] = {"capture-forwarder:managed": "false"}
    assert cleaned(store) == set()
    assert kept <= store.vertices.keys()


def test_an_artifact_that_was_there_before_is_kept() -> None:
    """Register uses it as it is, without a tag."""
    store = InMemory()
    made_by_sagemaker(store)
    theirs = store.add(Kind.ARTIFACT, "DataSet", "x-0123abcd", "s3://the-bucket/datacapture/churn/")
    list(register(store, configured()))
    assert cleaned(store) == {"DataCaptureForwarding", "MonitoredModel"}
    assert theirs in store.vertices


SECOND = CONFIG + CONFIG[CONFIG.index("[[route]]") :].replace('name = "churn"', 'name = "second"').replace(
    "churn/", "churn/AllTraffic/"
)


@pytest.mark.parametrize(("route", "other"), [("churn", "second"), ("second", "churn")])
def test_an_entity_that_another_route_uses_is_kept(route: str, other: str) -> None:
    """Both routes send to one model. The last of them takes it along."""
    store = registered(SECOND)
    assert cleaned(store, route) == {"DataCaptureForwarding", "DataSet"}
    assert len([one for one in store.vertices.values() if one.type == "MonitoredModel"]) == 1
    store.calls.clear()
    assert [outcome.error for outcome in register(store, configured(SECOND))] == [None, None]
    assert store.calls["create"] == 2, "only the deleted ones"
    assert cleaned(store, other) >= {"DataCaptureForwarding", "DataSet"}


def test_our_context_is_kept_while_another_route_uses_it() -> None:
    """Both routes have the same endpoint."""
    store = registered(SECOND, sagemaker=False)
    assert "Endpoint" not in cleaned(store, "churn")
    assert cleaned(store) == {"DataCaptureForwarding", "DataSet", "MonitoredModel", "Endpoint"}


def test_the_name_of_a_route_selects() -> None:
    """A name that no record has deletes none."""
    assert cleaned(registered(), "fraud") == set()


def test_the_age_counts_from_the_last_change() -> None:
    """An entity without any time is kept."""
    store = registered()
    times = [one.details.modified for one in store.vertices.values() if one.details and one.details.modified]
    assert cleaned(store, before=min(times)) == set()
    for arn in store.tagged:
        vertex = store.vertices[arn]
        assert vertex.details
        store.vertices[arn] = replace(vertex, details=replace(vertex.details, created=None, modified=None))
    late = datetime(2100, 1, 1, tzinfo=UTC)
    assert cleaned(store, before=late) == set()
    assert len(cleaned(registered(), before=max(times) + timedelta(seconds=1))) == 3


@pytest.mark.parametrize("write", range(7))
def test_a_run_that_ended_after_any_write_is_completed_by_the_next(write: int) -> None:
    """No write of the rest is refused."""
    store, before = registered(), InMemory()
    made_by_sagemaker(before)
    left = iter(range(write))

    def die(_: str) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    store.after_writes = die
    with pytest.raises(KeyboardInterrupt):
        cleaned(store)
    store.after_writes = lambda _: None
    cleaned(store)
    assert graph_of(store) == graph_of(before)


def test_two_runs_at_the_same_time_delete_everything_once() -> None:
    """An entity that the other deleted is left out."""
    store, before = registered(), InMemory()
    made_by_sagemaker(before)
    found = removals(store)
    cleaned(store)
    for removal in found:
        remove(store, removal)
    assert graph_of(store) == graph_of(before)


class Bare(InMemory):
    """It describes entities without their details."""

    def describe(self, arn_or_name: str, kind: Kind) -> Vertex:
        """Return an entity."""
        return replace(super().describe(arn_or_name, kind), details=None)


def test_an_entity_without_details_is_kept() -> None:
    """Its route and its age are unknown."""
    store = registered()
    bare = Bare()
    bare.vertices, bare.tagged = store.vertices, store.tagged
    assert cleaned(bare) == set()
