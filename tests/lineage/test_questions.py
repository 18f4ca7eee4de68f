"""The answers of `ask` on the worked graph, each known by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.lineage.asking.questions import PIPELINE_TAG, Question, ask
from integrations.lineage.asking.reaching import places
from integrations.lineage.errors import Invalid, NotFound
from integrations.lineage.finding.named import find, find_one
from integrations.lineage.graph import Direction, Edge, Graph, Kind, Vertex
from tests.lineage.worked import (
    BASE,
    CAPTURES,
    ENDPOINT,
    EXECUTION,
    GROUP,
    IMAGE,
    MODEL,
    MONITOR,
    PACKAGE,
    PROCESSING,
    RAW,
    TRAIN,
    TRAINING,
    worked,
)

ANSWERS: list[tuple[Question, str, list[str]]] = [
    (Question.MODELS, "churn", ["package", "model"]),
    (Question.MODELS, ENDPOINT, ["package", "model"]),
    (Question.MODELS, TRAIN, ["model", "package"]),
    (Question.MODELS, RAW, ["model", "package"]),
    (Question.MODELS, RAW.rstrip("/"), ["model", "package"]),
    (Question.MODELS, CAPTURES, ["package", "model"]),
    (Question.MODELS, TRAINING, ["model", "package"]),
    (Question.MODELS, IMAGE, ["model", "package"]),
    (Question.MODELS, MONITOR, ["package", "model"]),
    (Question.MODELS, MODEL, ["package"]),
    (Question.MODELS, PACKAGE, ["model"]),
    (Question.ENDPOINTS, TRAIN, ["endpoint"]),
    (Question.ENDPOINTS, MODEL, ["endpoint"]),
    (Question.ENDPOINTS, PACKAGE, ["endpoint"]),
    (Question.ENDPOINTS, "churn-approval", ["endpoint"]),
    (Question.ENDPOINTS, MONITOR, ["endpoint"]),
    (Question.ENDPOINTS, CAPTURES, ["endpoint"]),
    (Question.ENDPOINTS, "x-deployment", ["endpoint"]),
    (Question.DATASETS, "churn", ["train", "raw"]),
    (Question.DATASETS, MODEL, ["train", "raw"]),
    (Question.DATASETS, "churn-approval", ["train", "raw"]),
    (Question.DATASETS, TRAIN, ["raw", "captures"]),
    (Question.DATASETS, MONITOR, ["captures", "train", "raw"]),
    (Question.JOBS, "churn", ["training", "processing"]),
    (Question.JOBS, PACKAGE, ["training", "processing"]),
    (Question.JOBS, TRAIN, ["processing", "training"]),
    (Question.JOBS, PROCESSING, ["training"]),
    (Question.ACTIONS, PACKAGE, ["approval", "deployment", "forwarding"]),
    (Question.ACTIONS, "churn-approval", []),
    (Question.IMAGES, "churn", ["image"]),
    (Question.IMAGES, PACKAGE, ["image"]),
    (Question.PACKAGE, "churn", ["package"]),
    (Question.PACKAGE, "churn-approval", ["package"]),
    (Question.PACKAGE, MODEL, ["package"]),
    (Question.PACKAGE, PACKAGE, ["package"]),
    (Question.PACKAGE, TRAIN, ["package"]),
]


@pytest.mark.parametrize(("question", "text", "expected"), ANSWERS)
def test_each_question_has_its_answer(question: Question, text: str, expected: list[str]) -> None:
    """By ARN, by name and by URI; the nearest first."""
    world = worked()
    names = {arn: name for name, arn in world.arns.items()}
    answer = ask(world.store, world.walk, question, text)
    found = [names[each.arn or ""] for each in answer.found]
    assert sorted(found) == sorted(expected)
    assert [each.hops for each in answer.found] == sorted(each.hops for each in answer.found)
    assert all(each.source_uri for each in answer.found)
    assert len(answer.sheet().rows) == len(expected)


@pytest.mark.parametrize("text", ["churn", MODEL, TRAIN, TRAINING, GROUP, "churn-approval"])
def test_the_pipeline_is_that_of_tags_and_groups(text: str) -> None:
    """It is named once."""
    world = worked()
    (found,) = ask(world.store, world.walk, Question.PIPELINE, text).found
    assert (found.name, found.type, found.arn) == (EXECUTION, "PipelineExecution", None)


@pytest.mark.parametrize("text", ["churn", MODEL, TRAINING])
def test_trials_are_those_of_the_jobs(text: str) -> None:
    """Each once."""
    world = worked()
    answer = ask(world.store, world.walk, Question.TRIALS, text)
    assert [found.name for found in answer.found] == ["churn-trial"]


def test_a_direction_can_be_given() -> None:
    """The data sets before and after the training data."""
    world = worked()
    for direction, expected in ((Direction.UP, [RAW]), (Direction.DOWN, [CAPTURES])):
        answer = ask(world.store, world.walk, Question.DATASETS, TRAIN, direction)
        assert [found.source_uri for found in answer.found] == expected
        assert {found.direction for found in answer.found} == {direction}
    answer = ask(world.store, world.walk, Question.DATASETS, IMAGE, Direction.BOTH)
    assert [found.source_uri for found in answer.found] == [TRAIN, RAW, CAPTURES]


@pytest.mark.parametrize("kind", ["DataSet", "Dataset", "DatasetSnapshot", "TestData", "TestLabels", "dataset"])
def test_all_spellings_of_data_sets_are_found(kind: str) -> None:
    """SageMaker writes DataSet, its documentation Dataset."""
    world = worked()
    arn = world.store.add(Kind.ARTIFACT, kind, None, "s3://B/more")
    world.store.join(arn, world.arns["training"])
    answer = ask(world.store, world.walk, Question.DATASETS, MODEL)
    assert arn in {found.arn for found in answer.found}


def test_manual_jobs_are_actions() -> None:
    """And entities of unknown types are no jobs."""
    world = worked()
    for kind in ("Training", "Processing", "ModelBuild", "Unheard"):
        arn = world.store.add(Kind.ACTION, kind, f"manual-{kind}")
        world.store.join(arn, world.arns["model"])
    answer = ask(world.store, world.walk, Question.JOBS, MODEL)
    manual = {found.name for found in answer.found if found.name.startswith("manual")}
    assert manual == {"manual-Training", "manual-Processing", "manual-ModelBuild"}


def test_entities_that_vanish_during_a_question_are_kept_as_they_were() -> None:
    """Another client deletes the model, and the job with its tags, between the walk and the descriptions."""
    world = worked()
    walk = world.walk

    def vanishing(starts: object, direction: Direction) -> Graph:
        graph = walk(starts, direction)  # type: ignore[arg-type] # the walk's own starts
        del world.store.vertices[world.arns["model"]]
        del world.store.vertices[world.arns["training"]]
        return graph

    answer = ask(world.store, vanishing, Question.MODELS, "churn")
    assert [found.source_uri for found in answer.found] == [PACKAGE, None]
    world = worked()
    walk = world.walk
    assert ask(world.store, vanishing, Question.PIPELINE, "churn").found == ()


def test_a_deleted_job_has_no_pipeline() -> None:
    """Its tags cannot be read; its trial component stays."""
    world = worked()

    def fail(name: str) -> None:
        if name == "tags":
            raise NotFound("gone")

    world.store.before = fail
    assert ask(world.store, world.walk, Question.PIPELINE, TRAINING, Direction.UP).found == ()


def test_jobs_without_the_tag_have_no_pipeline() -> None:
    """And a component without a source is passed over."""
    world = worked()
    world.store.tagged[TRAINING] = {"other": "tag"}
    assert PIPELINE_TAG not in world.store.tagged[TRAINING]
    assert ask(world.store, world.walk, Question.PIPELINE, TRAINING, Direction.UP).found == ()


def test_names_are_looked_up_in_order() -> None:
    """An endpoint first, then contexts, actions and artifacts."""
    world = worked()
    for text, name in [
        ("churn", "endpoint"),
        ("x-endpoint", "endpoint"),
        ("x-deployment", "deployment"),
        ("churn-monitor-12345678", "monitor"),
        (world.arns["raw"], "raw"),
        (GROUP, "group"),
    ]:
        assert [vertex.arn for vertex in find(world.store, text)] == [world.arns[name]]


def test_a_deleted_endpoint_is_found_by_its_name() -> None:
    """Its context stays. It is not described first, because DescribeEndpoint does not find it."""
    world = worked()
    del world.store.answers["endpoint", "churn"]
    assert [vertex.arn for vertex in find(world.store, "churn")] == [world.arns["endpoint"]]


@pytest.mark.parametrize("text", ["nothing", "s3://B/other", f"{BASE}:endpoint/other", f"{BASE}:artifact/none"])
def test_an_unknown_entity_is_named(text: str) -> None:
    """With the text that was given."""
    with pytest.raises(NotFound, match=text):
        find(worked().store, text)


def test_an_invalid_name_is_not_looked_up_as_a_name() -> None:
    """SageMaker refuses a name that no entity may have. An artifact may still have it."""
    world = worked()

    def refuse(name: str) -> None:
        if name in ("describe", "endpoint"):
            raise Invalid("a name")

    world.store.before = refuse
    with pytest.raises(NotFound, match="under_score"):
        find(world.store, "under_score")


def test_several_entities_are_an_error_where_one_is_needed() -> None:
    """The error has the ARN of each."""
    world = worked()
    other = world.store.add(Kind.ARTIFACT, "Model", None, MODEL, source_types=(("Custom", "2"),))
    with pytest.raises(Invalid, match=f"names 2 entities(?s:.*){other}"):
        find_one(world.store, MODEL)
    assert find_one(world.store, PACKAGE).arn == world.arns["package"]
    assert len(find(world.store, MODEL)) == 2


def test_a_job_without_components_is_looked_up_by_its_source() -> None:
    """As an action that a person made has it."""
    world = worked()
    arn = world.store.add(Kind.ACTION, "Training", "manual", f"{BASE}:training-job/manual")
    assert [vertex.arn for vertex in find(world.store, f"{BASE}:training-job/manual")] == [arn]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12), st.sampled_from(Direction))
def test_places_are_the_shortest_distances(pairs: list[tuple[int, int]], direction: Direction) -> None:
    """As Floyd's and Warshall's algorithm finds them."""
    names = [str(number) for number in range(7)]
    edges = {Edge(str(one), str(other)) for one, other in pairs}
    graph = Graph.of(("0",), {name: Vertex(arn=name, kind=Kind.ARTIFACT, type="") for name in names}, edges)
    far = 99
    sides = {Direction.UP: [True], Direction.DOWN: [False]}.get(direction, [True, False])
    expected: dict[str, int] = {}
    for side in [None] if direction == Direction.BOTH else sides:
        near = {(one, other): 0 if one == other else far for one in names for other in names}
        for edge in edges:
            if side is not False and edge.source != edge.destination:
                near[edge.destination, edge.source] = 1
            if side is not True and edge.source != edge.destination:
                near[edge.source, edge.destination] = 1
        for middle in names:
            near = {
                (one, other): min(hops, near[one, middle] + near[middle, other]) for (one, other), hops in near.items()
            }
        for name in names:
            if near["0", name] < far:
                expected[name] = min(expected.get(name, far), near["0", name])
    assert {arn: place.hops for arn, place in places(graph, direction).items()} == expected
