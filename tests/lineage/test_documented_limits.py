"""The limits and the errors of the documentation, and how the API differs. docs/lineage.md names these tests."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from integrations.lineage import Lineage
from integrations.lineage.errors import AlreadyExists, Cycle, Invalid, NotFound, TimedOut, TooLarge
from integrations.lineage.graph import Direction, Kind
from integrations.lineage.planning.limits import MAX_ASSOCIATIONS, MAX_ENTITIES
from integrations.lineage.ports import NewEntity
from integrations.lineage.walking.querying import Options
from integrations.lineage.walking.walk import Caps
from tests.lineage.in_memory import ACCOUNT, InMemory


def lineage() -> tuple[Lineage, InMemory]:
    """Return a lineage in memory."""
    store = InMemory()
    return Lineage(store=store), store


def artifact(**values: object) -> NewEntity:
    """Return an artifact to create."""
    return NewEntity(**({"kind": Kind.ARTIFACT, "type": "DataSet", "source_uri": "s3://a"} | values))  # type: ignore[arg-type]


def test_the_depth_is_at_most_100() -> None:
    """The API's own limit is 10: deeper queries are several calls."""
    ours, store = lineage()
    arns = [store.add(Kind.ARTIFACT, "T", f"a{at}") for at in range(102)]
    for source, destination in pairwise(arns):
        store.join(source, destination)
    assert len(ours.query([arns[0]], Options(direction=Direction.DOWN, depth=100)).vertices) == 101
    with pytest.raises(Invalid, match="1 to 100"):
        ours.query([arns[0]], Options(depth=101))


def test_the_caps_of_a_query() -> None:
    """10,000 vertices, 100,000 edges and 60 seconds: ours, because the API has none."""
    caps = Caps()
    assert (caps.max_vertices, caps.max_edges, caps.timeout_secs) == (10_000, 100_000, 60)
    ours, store = lineage()
    arns = [store.add(Kind.ARTIFACT, "T", f"a{at}") for at in range(3)]
    store.join(arns[0], arns[1])
    store.join(arns[0], arns[2])
    for most in (Caps(max_vertices=2), Caps(max_edges=1)):
        with pytest.raises(TooLarge):
            ours.query([arns[0]], Options(caps=most))
    with pytest.raises(TimedOut):
        ours.query([arns[0]], Options(caps=Caps(timeout_secs=-1)))


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a" * 121},
        {"name": "a_b"},
        {"name": ""},
        {"properties": {str(at): "" for at in range(31)}},
        {"properties": {"k" * 2501: "v"}},
        {"properties": {"": "v"}},
        {"properties": {"k": "v" * 4097}},
        {"tags": {str(at): "" for at in range(51)}},
        {"source_uri": "s" * 2049},
        {"type": "t" * 257},
    ],
)
def test_values_that_are_too_large_are_refused(values: dict[str, object]) -> None:
    """Before the first write."""
    ours, store = lineage()
    with pytest.raises(Invalid):
        ours.create(artifact(**values))
    assert store.writes == 0


def test_the_largest_values_are_taken() -> None:
    """Keys have 2,500 characters and values of artifacts 4,096, not 256."""
    ours, store = lineage()
    properties = {"k" * 2500: "v" * 4096} | {str(at): "" for at in range(29)}
    ours.create(artifact(name="a" * 120, properties=properties, tags={str(at): "" for at in range(50)}))
    assert len(store.vertices) == 1


def test_an_entity_may_have_more_than_1000_associations() -> None:
    """The limit of the page is in no other source, so it is not enforced."""
    ours, store = lineage()
    centre = store.add(Kind.ARTIFACT, "T", "centre")
    for at in range(1001):
        store.join(centre, store.add(Kind.ARTIFACT, "T", f"a{at}"))
    assert len(ours.edges(centre)) == 1001


@pytest.mark.parametrize("status", ["Unknown", "InProgress", "Completed", "Failed", "Stopping", "Stopped"])
def test_the_statuses_of_actions(status: str) -> None:
    """Six in the API, four in the page. Others are refused."""
    ours, store = lineage()
    arn = store.add(Kind.ACTION, "Training", "one")
    ours.update(arn, status=status)
    details = ours.get(arn).details
    assert details is not None
    assert details.status == status
    with pytest.raises(Invalid):
        ours.update(arn, status="Done")


def test_an_account_has_limits() -> None:
    """Of the second page: 6,000 artifacts, 500 contexts, 3,000 actions, 6,000 associations."""
    assert MAX_ENTITIES == {Kind.ARTIFACT: 6000, Kind.CONTEXT: 500, Kind.ACTION: 3000}
    assert MAX_ASSOCIATIONS == 6000


def test_a_circular_association_is_refused() -> None:
    """Unless the caller allows it: only the page says that SageMaker refuses cycles."""
    ours, store = lineage()
    one, two = store.add(Kind.ARTIFACT, "T", "one"), store.add(Kind.ARTIFACT, "T", "two")
    ours.link(one, two)
    with pytest.raises(Cycle):
        ours.link(two, one)
    ours.link(two, one, allow_cycle=True)
    assert len(store.edges) == 2


def test_an_entity_that_does_not_exist_is_named() -> None:
    """As every command names it."""
    ours, _ = lineage()
    with pytest.raises(NotFound, match="s3://none"):
        ours.get("s3://none")


def test_an_update_that_fails_writes_nothing() -> None:
    """Wrong values are found before the call."""
    ours, store = lineage()
    arn = store.add(Kind.ARTIFACT, "T", "one")
    with pytest.raises(Invalid):
        ours.update(arn, {"k": "v" * 4097})
    assert store.writes == 0


def test_an_association_that_exists_is_reused() -> None:
    """With another type it is an error."""
    ours, store = lineage()
    one, two = store.add(Kind.ARTIFACT, "T", "one"), store.add(Kind.ARTIFACT, "T", "two")
    ours.link(one, two, "Produced")
    ours.link(one, two, "Produced")
    assert store.calls["link"] == 1
    with pytest.raises(AlreadyExists):
        ours.link(one, two, "DerivedFrom")


def test_experiment_entities_are_not_joined_to_each_other() -> None:
    """A trial component is joined to artifacts, actions and contexts only."""
    ours, store = lineage()
    base = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:experiment"
    component = store.add(Kind.TRIAL_COMPONENT, "TrainingJob", "t", "job")
    other = store.add(Kind.TRIAL_COMPONENT, "TrainingJob", "u", "job-2")
    assert component.startswith(base)
    with pytest.raises(Invalid):
        ours.link(component, other)
    ours.link(component, store.add(Kind.ARTIFACT, "T", "one"))


def test_times_are_read_with_and_without_a_zone() -> None:
    """The page passes texts."""
    ours, store = lineage()
    store.add(Kind.ARTIFACT, "Model", "one")
    assert len(ours.report(datetime(2025, 1, 1, tzinfo=UTC)).models) == 1
