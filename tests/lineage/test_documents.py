"""`import` and `export`: all problems at once, nothing written twice, and the identity."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.lineage import Lineage
from integrations.lineage.documents.files import YamlMissing, json_text, read_text, yaml_text
from integrations.lineage.errors import AlreadyExists, Cycle, Denied, Invalid, LineageError, TooLarge
from integrations.lineage.graph import Edge, Kind
from tests.lineage.graphs import random_graphs
from tests.lineage.in_memory import InMemory

DOCUMENT = """
contexts:
  pipe: {type: Pipeline, description: Nightly, tags: {team: churn}}
actions:
  train:
    type: Training
    source_uri: arn:aws:sagemaker:eu-west-1:123456789012:training-job/t
    source_types: [{type: ARN, value: t}]
    status: Completed
    metadata: {CommitId: abc}
artifacts:
  data: {type: DataSet, source_uri: s3://b/train.csv, properties: {rows: 100, version: 1.0, clean: true}}
  model: {name: ~, type: Model, source_uri: s3://b/model.tar.gz, source_types: [{type: S3ETag, value: e}]}
links:
  - {from: data, to: train, type: ContributedTo}
  - {from: train, to: model, type: Produced}
  - {from: pipe, to: train}
"""


def lineage_of(store: InMemory) -> Lineage:
    """Return the lineage of a store."""
    return Lineage(store=store)


def test_an_import() -> None:
    """Values keep the text of the file, and a second import writes nothing."""
    store = InMemory()
    lineage = lineage_of(store)
    content = read_text(DOCUMENT, yaml=True)
    assert len(lineage.import_content(content, dry_run=True)) == 7
    assert store.writes == 0
    lineage.import_content(content)
    details = lineage.get("s3://b/train.csv").details
    assert details
    assert (details.name, details.properties) == ("data", {"rows": "100", "version": "1.0", "clean": "true"})
    model = lineage.get("s3://b/model.tar.gz").details
    assert model
    assert (model.name, model.source_types) == (None, (("S3ETag", "e"),))
    writes = store.writes
    assert lineage.import_content(content) == []
    assert store.writes == writes


def test_json_and_yaml_are_the_same() -> None:
    """Also numbers and truth values."""
    content = read_text('{"artifacts": {"a": {"properties": {"x": 1.50, "y": true, "z": null, "e": 1e3}}}}')
    assert content == read_text("artifacts: {a: {properties: {x: 1.50, y: true, z: ~, e: 1e3}}}")
    assert read_text(json_text(content), yaml=False) == read_text(yaml_text(content), yaml=True)


@pytest.mark.parametrize(
    ("text", "yaml", "problem"),
    [
        ("{", None, "no YAML"),
        ("{", False, "no JSON"),
        ("a: 1\na: 2", True, "'a' is written twice"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', None, "'c' is written twice"),
        ("&a {x: *a}", True, "no YAML"),
        ("!!python/object/apply:os.system [ls]", True, ""),
        ("x" * 50_000_001, True, "larger"),
    ],
)
def test_files_that_cannot_be_read(text: str, yaml: Any, problem: str) -> None:
    """Nothing in a file is executed."""
    if not problem:
        assert read_text(text, yaml=yaml) == ["ls"]
        return
    with pytest.raises(Invalid, match=problem):
        read_text(text, yaml=yaml)


def test_deep_files_are_refused() -> None:
    """In a process of its own, because the depth of Python's stack ends the measuring of coverage."""
    script = (
        "from integrations.lineage.documents.files import read_text; from integrations.lineage.errors import Invalid\n"
        "for yaml in (True, False):\n"
        "    try:\n        read_text('[' * 3000, yaml=yaml)\n"
        "    except Invalid as error:\n        print(str(error)[:16])\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert run.stdout.splitlines() == ["The file is no Y", "The file is no J"]


def test_yaml_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON needs nothing."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert read_text("{}") == {}
    with pytest.raises(YamlMissing):
        read_text("a: 1")
    with pytest.raises(YamlMissing):
        yaml_text({})


def test_all_problems_are_in_one_error() -> None:
    """Each with its place."""
    wrong: dict[Any, Any] = {
        "models": {},
        "contexts": {"c_": {"type": "", "nmae": "x"}, "shared": {"type": "T"}, "arn:aws:s3:::x:y": {"type": "T"}},
        "actions": {"shared": {"type": "T", "status": "Done", "source_types": {}, "properties": {"a": ["b"]}}},
        "artifacts": {
            "a": {"type": "T", "source_types": [{"type": "S3", "value": "v", "more": "m"}], "description": "d"},
            "b": "text",
            1: {},
        },
        "links": [
            {"from": "a", "to": "a"},
            {"from": "a"},
            {"from": "no", "to": "a", "type": "MadeOf"},
            "text",
            {"to": 1},
        ],
    }
    store = InMemory()
    with pytest.raises(Invalid) as caught:
        lineage_of(store).import_content(wrong)
    lines = str(caught.value).split("\n")
    for expected in (
        "the document: 'models' is not known",
        "contexts.c_: 'nmae' is not known; known are description",
        "contexts.c_: the name 'c_' is not valid",
        "contexts.c_: the type is empty",
        "contexts.arn:aws:s3:::x:y: a local name must not be an ARN",
        "actions.shared: the local name is used twice",
        "actions.shared: the status 'Done' is none of",
        "actions.shared.source_types: must be a list",
        "actions.shared.properties.a: must be a text",
        "artifacts: a key is no text",
        "artifacts.a.source_types[0]: 'more' is not known",
        "artifacts.a: the source type 'S3' is none of",
        "artifacts.a: artifacts have no description",
        "artifacts.b: must have names with values",
        "links[0]: an association joins two entities",
        "links[1]: to is missing",
        "links[2].from: the document has no entity 'no'",
        "links[2]: the association type 'MadeOf' is none of",
        "links[3]: must have names with values",
        "links[4].to: must be a text",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    assert not store.calls
    contents: list[Any] = [[], "text", {"links": {}}]
    for content in contents:
        with pytest.raises(Invalid, match="must"):
            lineage_of(store).import_content(content)


def test_imports_that_collide_with_what_exists() -> None:
    """All collisions are in one error, and nothing is written."""
    store = InMemory()
    train = store.add(Kind.ACTION, "Other", "train")
    store.add(Kind.CONTEXT, "Pipeline", "pipe", source_uri="s3://other")
    data = store.add(Kind.ARTIFACT, "DataSet", "data", source_uri="s3://b/train.csv")
    with pytest.raises(AlreadyExists, match=r"pipe: Context pipe already exists.*\ntrain: Action train already exists"):
        lineage_of(store).import_content(read_text(DOCUMENT))
    other = store.add(Kind.ACTION, "Training", "other")
    store.join(data, other, "Produced")
    linked = {
        "actions": {"other": {"type": "Training", "source_uri": "s3://bucket/other"}},
        "links": [{"from": data, "to": "other", "type": "ContributedTo"}],
    }
    with pytest.raises(AlreadyExists, match="type Produced, not ContributedTo"):
        lineage_of(store).import_content(linked)
    assert store.writes == 0
    del train


def test_imports_that_are_refused_as_a_whole() -> None:
    """Cycles, repeated entities, and documents larger than an account."""
    store = InMemory()
    lineage = lineage_of(store)
    both = {"a": {"type": "T"}, "b": {"type": "T"}}
    cycle = {"artifacts": both, "links": [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]}
    with pytest.raises(Cycle):
        lineage.import_content(cycle)
    same = {"artifacts": {each: {"type": "T", "source_uri": "s3://same"} for each in "ab"}}
    with pytest.raises(Invalid, match="a and b are the same artifact"):
        lineage.import_content(same)
    with pytest.raises(TooLarge, match="creates 501 contexts"):
        lineage.import_content({"contexts": {f"c{number}": {"type": "T"} for number in range(501)}})
    assert store.writes == 0
    lineage.import_content(cycle, allow_cycle=True)


@settings(max_examples=50)
@given(random_graphs(largest=12))
def test_an_export_is_read_back(drawn: tuple[InMemory, list[str]]) -> None:
    """In the same account it writes nothing; in another account it makes the same graph."""
    store, arns = drawn
    content = read_text(json_text(lineage_of(store).export(arns[:1])))
    assert lineage_of(store).import_content(content, allow_cycle=True) == []
    other = InMemory()
    components = {arn: vertex for arn, vertex in store.vertices.items() if vertex.kind == Kind.TRIAL_COMPONENT}
    other.vertices |= components  # SageMaker's own
    experiments = [edge for edge in store.edges.values() if {edge.source, edge.destination} <= components.keys()]
    for edge in experiments:
        other.join(edge.source, edge.destination, edge.type)
    lineage_of(other).import_content(content, allow_cycle=True)
    reached = store.reached(arns[0], "Both", 100)
    assert set(other.vertices) - components.keys() == reached.keys() - components.keys()
    assert {edge for edge in other.edges.values() if edge.source in reached} == {
        edge for edge in store.edges.values() if edge.source in reached
    }


def test_exported_names() -> None:
    """Local names are unique, and tags of AWS are left out."""
    store = InMemory()
    first = store.add(Kind.ARTIFACT, "Model", source_uri="s3://1", tags={"aws:x": "1", "team": "a"})
    for number, name in enumerate(("artifact", "artifact", None, "artifact-1"), 2):
        store.join(first, store.add(Kind.ARTIFACT, "Model", name, source_uri=f"s3://{number}"))
    content = lineage_of(store).export([first])
    assert len(content["artifacts"]) == 5
    (exported,) = (each for each in content["artifacts"].values() if each["source_uri"] == "s3://1")
    assert exported == {"name": None, "type": "Model", "source_uri": "s3://1", "tags": {"team": "a"}}
    assert lineage_of(store).import_content(content) == []


@pytest.mark.parametrize("write", range(1, 8))
def test_an_interrupted_import_is_completed(write: int) -> None:
    """After each write the run ends; the next run ends with the same graph, and so do two at once."""
    store, whole = InMemory(), InMemory()
    content = read_text(DOCUMENT)
    lineage_of(whole).import_content(content)
    plan_of_another = lineage_of(store).import_content(content, dry_run=True)
    done = iter(range(1, 100))

    def stop(_: str) -> None:
        if next(done) == write:
            raise Denied("ended")

    store.after_writes = stop
    with pytest.raises(LineageError, match="ended") as ended:
        lineage_of(store).import_content(content)
    assert len(ended.value.done) == write - 1
    assert ("of 7 steps" in str(ended.value)) == (write > 1)
    lineage_of(store).run(plan_of_another)
    lineage_of(store).import_content(content)
    assert store.vertices.keys() == whole.vertices.keys()
    assert store.edges == whole.edges


@settings(max_examples=30)
@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_any_content_is_imported_or_refused(content: Any) -> None:
    """With an error of lineage, never with another."""
    store = InMemory()
    for document in (content, {"artifacts": content, "links": content}, {"contexts": {"c": content}}):
        try:
            lineage_of(store).import_content(document, dry_run=True)
        except LineageError:
            continue
    assert store.writes == 0


def test_edges_are_values() -> None:
    """They are compared and sorted."""
    assert Edge("a", "b") == Edge("a", "b", None)
