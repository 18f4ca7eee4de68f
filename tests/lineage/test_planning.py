"""Entities, links, deletions and recordings: what is planned, what is refused, and what an interruption leaves."""

from functools import partial

import pytest

from integrations.lineage import Lineage
from integrations.lineage.errors import (
    AlreadyExists,
    Conflict,
    Invalid,
    LimitReached,
    LineageError,
    NotFound,
    TooLarge,
)
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.recording import Recording
from integrations.lineage.planning.steps import Amend, Create, Disjoin, Erase, Join, Label, Step
from integrations.lineage.ports import Change
from tests.lineage.graphs import chain, new
from tests.lineage.in_memory import ACCOUNT, InMemory

ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:"
TRIAL = f"{ARN}experiment-trial-component/t-aws-training-job"


def _fail_at(errors: dict[str, LineageError], name: str) -> None:
    if name in errors:
        raise errors[name]


def test_creating_twice_writes_once(store: InMemory, lineage: Lineage) -> None:
    """An artifact is known by source and source types, others by name."""
    for kind in (Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT):
        entity = new(kind, properties={"a": "1"}, tags={"t": "1"})
        assert lineage.create(entity) == lineage.create(entity)
    assert store.writes == 3
    lineage.create(new(source_types=(("Custom", "2"),)))
    assert store.writes == 4


def test_creating_again_adds_what_is_missing(store: InMemory, lineage: Lineage) -> None:
    """Properties, status, description and tags are merged."""
    lineage.create(new(Kind.ACTION, properties={"a": "1", "b": "1"}, status="InProgress", tags={"t": "1"}))
    arn = lineage.create(
        new(Kind.ACTION, properties={"b": "2"}, status="Completed", description="d", tags={"t": "1", "u": "2"})
    )
    details = lineage.get(arn).details
    assert details
    assert (details.properties, details.status, details.description) == ({"a": "1", "b": "2"}, "Completed", "d")
    assert lineage.tags(arn) == {"t": "1", "u": "2"}
    assert (store.calls["create"], store.calls["update"], store.calls["tag"]) == (1, 1, 1)


@pytest.mark.parametrize("kind", [Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT])
def test_the_same_identity_with_other_values_is_an_error(store: InMemory, lineage: Lineage, kind: Kind) -> None:
    """The error shows both."""
    lineage.create(new(kind))
    with pytest.raises(AlreadyExists, match="its type is DataSet, not Model"):
        lineage.create(new(kind, type="Model"))
    if kind != Kind.ARTIFACT:
        with pytest.raises(AlreadyExists, match="its source is s3://bucket/data, not s3://other"):
            lineage.create(new(kind, source_uri="s3://other"))
    assert store.writes == 1


def test_a_faster_client_is_no_error(store: InMemory) -> None:
    """Two clients plan the same creation; the second finds the entity of the first."""
    one, other = Lineage(store=store), Lineage(store=store)
    plans = [each.plan(new()).steps for each in (one, other)]
    arns = [each.run(steps) for each, steps in zip((one, other), plans, strict=True)]
    assert arns[0] == arns[1]
    with pytest.raises(AlreadyExists, match="1 of 2 steps"):
        one.run([Create("new", new(Kind.ACTION, name="data")), Create("new", new(Kind.ACTION, type="Model"))])


def test_an_unknown_reason_for_an_existing_entity_is_an_error(store: InMemory, lineage: Lineage) -> None:
    """SageMaker may know one artifact a source URI, whatever its source types are."""

    def refuse(name: str) -> None:
        if name == "create":
            raise AlreadyExists("an artifact with this source")

    store.before = refuse
    with pytest.raises(AlreadyExists, match="with this source"):
        lineage.create(new())


def test_updates_merge(store: InMemory, lineage: Lineage) -> None:
    """The whole map is sent, and what is so already is not written."""
    arn = lineage.create(new(properties={"a": "1", "b": "1"}))
    lineage.update(arn, {"c": "3"}, ["a", "unknown"])
    assert lineage.get(arn).details is not None
    assert store.vertices[arn].details.properties == {"b": "1", "c": "3"}  # type: ignore[union-attr] # it has details
    assert lineage.update(arn, {"c": "3"}, ["a"]) == []
    assert store.calls["update"] == 1


def test_wrong_updates(lineage: Lineage, store: InMemory) -> None:
    """They are refused before the first write."""
    arn = lineage.create(new(properties={str(number): "" for number in range(30)}))
    with pytest.raises(Invalid, match="both set and removed: a"):
        lineage.update(arn, {"a": "1"}, ["a"])
    with pytest.raises(Invalid, match="31 properties"):
        lineage.update(arn, {"new": "1"})
    with pytest.raises(Invalid, match="only actions have a status"):
        lineage.update(arn, status="Completed")
    with pytest.raises(NotFound):
        lineage.update(f"{ARN}artifact/none", {"a": "1"})
    component = store.add(Kind.TRIAL_COMPONENT, "SageMakerTrainingJob", "t")
    with pytest.raises(Invalid, match="trial component"):
        lineage.update(component, {"a": "1"})
    assert store.writes == 1


def test_a_change_of_another_client_is_merged(store: InMemory, lineage: Lineage) -> None:
    """After a conflict the entity is read again."""
    arn = lineage.create(new(properties={"a": "1"}))
    real, conflicts = store.update, iter([True, False])

    def update(change: Change) -> None:
        if next(conflicts):
            real(Change(kind=Kind.ARTIFACT, arn=arn, properties={"other": "2"}))
            raise Conflict("changed")
        real(change)

    store.update = update  # type: ignore[method-assign] # another client
    lineage.update(arn, {"b": "3"})
    assert store.vertices[arn].details.properties == {"a": "1", "other": "2", "b": "3"}  # type: ignore[union-attr]


def test_conflicts_without_end_are_an_error(store: InMemory, lineage: Lineage) -> None:
    """The change is tried five times."""
    arn = lineage.create(new())
    store.before = partial(_fail_at, {"update": Conflict("changed")})
    with pytest.raises(Conflict, match="0 of 1 step is done; run the command again"):
        lineage.update(arn, {"b": "3"})
    assert store.calls["update"] == 5


def test_recording(store: InMemory, lineage: Lineage) -> None:
    """URIs become artifacts, and the action is created if its type is given."""
    what = Recording(action="train", inputs=["s3://b/in", "s3://b/in"], outputs=["s3://b/out"], type="Training")
    assert len(lineage.record(what)) == 5
    assert lineage.record(what) == []
    edges = {edge.type: (edge.source, edge.destination) for edge in store.edges.values()}
    action = lineage.get("train").arn
    assert edges == {
        "ContributedTo": (lineage.get("s3://b/in").arn, action),
        "Produced": (action, lineage.get("s3://b/out").arn),
    }
    assert lineage.get("s3://b/out").type == "Model"
    with pytest.raises(NotFound, match=r"none\n.*nowhere"):
        lineage.record(Recording(action="none", inputs=["nowhere"]))


def test_adding_to_a_context(store: InMemory, lineage: Lineage) -> None:
    """All that is missing is named at once."""
    context = store.add(Kind.CONTEXT, "Pipeline", "pipe")
    arns = chain(store, 2)
    lineage.add_to("pipe", arns)
    assert {(edge.source, edge.type) for edge in lineage.edges(context)} == {(context, "AssociatedWith")}
    with pytest.raises(NotFound, match=r"none.*\n.*nothing"):
        lineage.add_to("none", ["nothing"])


def test_plans_larger_than_an_account(store: InMemory, lineage: Lineage) -> None:
    """They are refused before the first write, by kind."""
    contexts: list[Step] = [Create(f"new:{number}", new(Kind.CONTEXT, name=f"c{number}")) for number in range(501)]
    with pytest.raises(TooLarge, match="creates 501 contexts; an account may hold 500"):
        lineage.run(contexts)
    joins: list[Step] = [Join(Edge(f"new:{number}", "new:x")) for number in range(6001)]
    with pytest.raises(TooLarge, match="creates 6001 associations; an account may hold 6000"):
        lineage.run(joins)
    with pytest.raises(Invalid, match="501 contexts"):
        lineage.run([*contexts, Create("new:wrong", new(type=""))])
    assert store.writes == 0


def test_a_full_account_names_the_kind_and_what_is_done(store: InMemory, lineage: Lineage) -> None:
    """The error says what to do next."""
    counts = iter(range(10))

    def full(name: str) -> None:
        if name == "create" and next(counts) == 2:
            raise LimitReached("CreateContext: The account-level service limit is 500 Contexts")

    store.before = full
    steps = [Create(f"new:{number}", new(Kind.CONTEXT, name=f"c{number}")) for number in range(4)]
    with pytest.raises(LimitReached, match=r"create context c2 .*500 Contexts\n2 of 4 steps are done") as caught:
        lineage.run(steps)
    assert caught.value.done == ("create context c0 (DataSet)", "create context c1 (DataSet)")


def test_the_text_of_steps(store: InMemory) -> None:
    """A dry run prints them."""
    vertex = store.vertices[store.add(Kind.ACTION, "Training", "train")]
    shown = [
        str(Create("new", new(name=None))),
        str(Amend(vertex=vertex, properties={"a": "1"}, removed=("b",), status="Completed", description="")),
        str(Label("arn", {"t": "1"}, ("u",))),
        str(Join(Edge("a", "b"))),
        str(Disjoin("a", "b")),
        str(Erase(vertex)),
    ]
    assert shown == [
        "create artifact s3://bucket/data (DataSet)",
        "update action train: a=1, -b, status Completed, description",
        "tag arn: t=1, -u",
        "link a -> b",
        "unlink a -> b",
        f"delete action train {vertex.arn}",
    ]
