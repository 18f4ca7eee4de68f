"""Plans of associations and deletions: what exists, what closes a cycle, and runs that were interrupted."""

from collections.abc import Callable
from functools import partial

import pytest

from integrations.lineage import Lineage
from integrations.lineage.errors import (
    AlreadyExists,
    Cycle,
    Denied,
    Invalid,
    LineageError,
    NotFound,
)
from integrations.lineage.graph import Edge, Kind
from integrations.lineage.planning import plan
from integrations.lineage.planning.steps import Create, Disjoin, Join
from integrations.lineage.walking.walk import Caps
from tests.lineage.graphs import chain, new
from tests.lineage.in_memory import ACCOUNT, InMemory

ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:"
TRIAL = f"{ARN}experiment-trial-component/t-aws-training-job"


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


def test_a_link_that_another_run_made_with_another_type(store: InMemory, lineage: Lineage) -> None:
    """Of the same type it is no error."""
    arns = chain(store, 2)
    assert lineage.run([Join(Edge(arns[0], arns[1], "DerivedFrom"))]) == {}
    with pytest.raises(AlreadyExists):
        lineage.run([Join(Edge(arns[0], arns[1], "Produced"))])


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


def test_a_name_that_is_taken_but_cannot_be_read_keeps_the_text_of_aws(store: InMemory) -> None:
    """There is nothing to add to it."""

    def refuse(call: str) -> None:
        if call == "create":
            raise AlreadyExists("exists")

    store.before = refuse
    for kind in (Kind.ACTION, Kind.ARTIFACT):
        with pytest.raises(AlreadyExists, match=r"data.*: exists$"):
            plan.run(store, [Create("new", new(kind))])
