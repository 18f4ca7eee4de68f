"""Entities, links, deletions and recordings: what is planned, what is refused, and what an interruption leaves."""

from collections.abc import Callable
from functools import partial

import pytest

from integrations.lineage import Lineage
from integrations.lineage.errors import (
    AlreadyExists,
    Conflict,
    Cycle,
    Denied,
    Invalid,
    LimitReached,
    LineageError,
    NotFound,
    TooLarge,
)
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning.recording import Recording
from integrations.lineage.planning.steps import Amend, Create, Disjoin, Erase, Join, Label, Step
from integrations.lineage.ports import Change, NewEntity
from integrations.lineage.walking.walk import Caps
from tests.lineage.graphs import chain
from tests.lineage.in_memory import ACCOUNT, InMemory

ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:"
TRIAL = f"{ARN}experiment-trial-component/t-aws-training-job"


def new(kind: Kind = Kind.ARTIFACT, name: str | None = "data", **more: object) -> NewEntity:
    """Return an entity to create."""
    values = {"type": "DataSet", "source_uri": "s3://bucket/data"} | more
    return NewEntity(kind=kind, name=name, **values)  # type: ignore[arg-type] # values of tests


@pytest.fixture
def store() -> InMemory:
    """Return an empty store."""
    return InMemory()


@pytest.fixture
def lineage(store: InMemory) -> Lineage:
    """Return the lineage of the store."""
    return Lineage(store=store)


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
    with pytest.raises(Conflict, match="0 of 1 steps are done"):
        lineage.update(arn, {"b": "3"})
    assert store.calls["update"] == 5


def test_links(store: InMemory, lineage: Lineage) -> None:
    """One that exists is reused; one of another type is an error that shows both."""
    one, other = (store.add(Kind.ARTIFACT, "Model", name) for name in ("a", "b"))
    assert [str(step) for step in lineage.link(one, other, "DerivedFrom", dry_run=True)] == [
        f"link {one} -> {other} (DerivedFrom)"
    ]
    assert store.writes == 0
    lineage.link("a", "s3://bucket/b", "DerivedFrom")
    assert lineage.link(one, other, "DerivedFrom") == []
    with pytest.raises(AlreadyExists, match="type DerivedFrom, not Produced"):
        lineage.link(one, other, "Produced")
    assert lineage.edges(other) == [Edge(one, other, "DerivedFrom")]
    lineage.unlink(one, other)
    with pytest.raises(NotFound, match="no association"):
        lineage.unlink(one, other)


@pytest.mark.parametrize(
    ("source", "destination", "type_", "problem"),
    [
        (f"{ARN}artifact/a", f"{ARN}artifact/a", None, "the same"),
        (TRIAL, f"{ARN}experiment-trial-component/u", None, "experiment entities"),
        (f"{ARN}artifact/a", f"{ARN}artifact/b", "MadeOf", "none of ContributedTo"),
        (f"{ARN}artifact/a", f"{ARN}endpoint/b", None, "no ARN of an artifact"),
    ],
)
def test_links_that_are_refused(
    store: InMemory, lineage: Lineage, source: str, destination: str, type_: str | None, problem: str
) -> None:
    """Before the first write."""
    with pytest.raises(Invalid, match=problem):
        lineage.run([Join(Edge(source, destination, type_))])
    assert store.writes == 0


def test_cycles(store: InMemory, lineage: Lineage) -> None:
    """They are refused, unless they are allowed; only the new links are named."""
    arns = chain(store, 15)
    with pytest.raises(Cycle, match=f"^link {arns[14]} -> {arns[0]} closes a cycle\nLineage has no cycles"):
        lineage.run([Join(Edge(arns[14], arns[0])), Join(Edge(arns[0], "new:a"))])
    with pytest.raises(Cycle):
        lineage.run([Join(Edge("new:a", "new:b")), Join(Edge("new:b", "new:a"))])
    assert store.writes == 0
    lineage.link(arns[14], arns[0], allow_cycle=True)
    lineage.link(arns[0], store.add(Kind.ARTIFACT, "Model", "leaf"))


def test_the_check_for_cycles_may_be_too_large(store: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the option that leaves it out."""
    arns = chain(store, 30)
    end = iter(range(0, 1000, 61))
    with pytest.raises(LineageError, match="Give --allow-cycle"):
        Lineage(store=store, clock=partial(next, end)).link(arns[0], arns[5])
    assert Caps().timeout_secs < 61
    del monkeypatch


def test_deleting_reads_all_associations_first(store: InMemory, lineage: Lineage) -> None:
    """Of 25 none is left, and of two entities that are deleted together their link is deleted once."""
    arns = chain(store, 3)
    for number in range(25):
        store.join(arns[1], store.add(Kind.ARTIFACT, "Model", f"m{number}"))
    with pytest.raises(Invalid, match="has 27 associations; give --with-associations"):
        lineage.delete([arns[1]])
    steps, missing = lineage.delete([arns[1], arns[0], f"{ARN}artifact/none"], with_associations=True)
    assert missing == [f"{ARN}artifact/none"]
    assert sum(isinstance(step, Disjoin) for step in steps) == 27
    assert not store.edges
    with pytest.raises(NotFound, match="an earlier run"):
        lineage.delete(arns[:2])
    component = store.add(Kind.TRIAL_COMPONENT, "SageMakerTrainingJob", "t")
    with pytest.raises(Invalid, match="no artifact, action or context"):
        lineage.delete([component])


def test_deletions_that_another_run_has_done(store: InMemory, lineage: Lineage) -> None:
    """They are no error."""
    arns = chain(store, 2)
    steps, _ = lineage.delete(arns, with_associations=True, dry_run=True)
    lineage.delete(arns, with_associations=True)
    assert lineage.run(steps) == {}


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


def test_a_link_that_another_run_made_with_another_type(store: InMemory, lineage: Lineage) -> None:
    """Of the same type it is no error."""
    arns = chain(store, 2)
    assert lineage.run([Join(Edge(arns[0], arns[1], "DerivedFrom"))]) == {}
    with pytest.raises(AlreadyExists):
        lineage.run([Join(Edge(arns[0], arns[1], "Produced"))])


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


def test_names_of_several_entities(store: InMemory, lineage: Lineage) -> None:
    """All are listed, and none is guessed."""
    store.add(Kind.ACTION, "Training", "twice")
    store.add(Kind.CONTEXT, "Pipeline", "twice")
    with pytest.raises(Invalid, match=r"twice names 2 entities(?s:.*)action/twice\n.*context/twice"):
        lineage.get("twice")
    assert lineage.get("twice", Kind.CONTEXT).kind == Kind.CONTEXT
    with pytest.raises(NotFound, match=r"No entity of lineage has .* nobody"):
        lineage.find("nobody")


def test_entities_by_source(store: InMemory, lineage: Lineage) -> None:
    """A URI is tried with and without the final /; an ARN of a job or endpoint is a source too."""
    store.add(Kind.ARTIFACT, "DataSet", source_uri="s3://bucket/train/")
    store.add(Kind.CONTEXT, "Endpoint", "e", source_uri=f"{ARN}endpoint/churn")
    store.add(Kind.TRIAL_COMPONENT, "SageMakerTrainingJob", "t", source_uri=f"{ARN}training-job/t")
    assert lineage.get("s3://bucket/train").arn == lineage.get("s3://bucket/train/").arn
    assert lineage.get(f"{ARN}endpoint/churn").kind == Kind.CONTEXT
    assert lineage.get(f"{ARN}training-job/t").kind == Kind.TRIAL_COMPONENT


def _fail_at(errors: dict[str, LineageError], name: str) -> None:
    if name in errors:
        raise errors[name]


@pytest.mark.parametrize("fault", [partial(Denied, "no"), KeyboardInterrupt])
def test_an_interrupted_deletion_is_continued(fault: Callable[[], BaseException]) -> None:
    """After each write the run ends; the next runs end with the same graph."""
    for write in range(1, 8):
        store = InMemory()
        arns = chain(store, 4)
        done = iter(range(1, 100))

        def stop(_: str, done: object = done, write: int = write) -> None:
            if next(done) == write:  # type: ignore[call-overload] # an iterator
                raise fault()

        store.after_writes = stop
        for _ in range(3):
            try:
                Lineage(store=store).delete(arns, with_associations=True)
            except NotFound:
                break
            except (KeyboardInterrupt, Denied):
                continue
        assert (store.vertices, store.edges) == ({}, {})
