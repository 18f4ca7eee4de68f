"""Names, lengths and counts: what SageMaker would refuse is refused before the first call."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.lineage.arns import id_of, is_arn, is_associable, is_experiment, kind_of
from integrations.lineage.graph import Kind
from integrations.lineage.planning.limits import entity_problems, tag_problems
from integrations.lineage.planning.naming import hashed_name, is_name, named, valid_name
from integrations.lineage.ports import NewEntity

# botocore's model of the API.
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")
CONTEXT_NAME = re.compile(r"[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,119}")


@given(st.text(st.sampled_from("aZ0-_. ") | st.characters(), max_size=130), st.sampled_from(list(Kind)))
def test_names(text: str, kind: Kind) -> None:
    """Made names are valid, stable, and differ for texts that differ."""
    pattern = CONTEXT_NAME if kind == Kind.CONTEXT else NAME
    assert is_name(text, kind) == (pattern.fullmatch(text) is not None and 1 <= len(text) <= 120)
    made = valid_name(text, kind)
    assert is_name(made, kind)
    assert made == valid_name(text, kind)
    assert hashed_name(text) != hashed_name(f"{text}x")
    assert hashed_name(text, "a") != hashed_name(text, "b")
    name, source = named(kind, text, None, None, "chance")
    assert NAME.fullmatch(name)
    assert source == f"capture-forwarder://{kind.value.lower()}/{name}"
    assert named(kind, "Model", None, text, "chance") == named(kind, "Model", None, text, "other")


@pytest.mark.parametrize(
    ("kind", "values", "problem"),
    [
        (Kind.ARTIFACT, {"name": "a" * 121}, "is not valid; it must have 1 to 120 letters"),
        (Kind.ARTIFACT, {"name": "a_b"}, "'a_b' is not valid"),
        (Kind.CONTEXT, {"name": "a_"}, "letters, digits, - and _"),
        (Kind.ACTION, {"name": None}, "the name is missing"),
        (Kind.ARTIFACT, {"source_uri": ""}, "the source URI is empty"),
        (Kind.ARTIFACT, {"source_uri": "s" * 2049}, "the source URI has 2049 characters; at most 2048"),
        (Kind.ARTIFACT, {"type": ""}, "the type is empty"),
        (Kind.ARTIFACT, {"type": "t" * 257}, "the type has 257 characters"),
        (Kind.ARTIFACT, {"source_types": (("S3", "x"),)}, "'S3' is none of MD5Hash"),
        (Kind.ARTIFACT, {"source_types": (("Custom", "x" * 257),)}, "has 257 characters"),
        (Kind.ACTION, {"source_types": (("a", "b"), ("c", "d"))}, "2 source types; only artifacts"),
        (Kind.ARTIFACT, {"properties": {str(number): "" for number in range(31)}}, "31 properties; at most 30"),
        (Kind.ARTIFACT, {"properties": {"k" * 2501: ""}}, "the key of a property has 2501"),
        (Kind.ARTIFACT, {"properties": {"k": "v" * 4097}}, "the property 'k' has 4097 characters; at most 4096"),
        (Kind.ACTION, {"properties": {"k": "v" * 2501}}, "the property 'k' has 2501 characters; at most 2500"),
        (Kind.ARTIFACT, {"status": "Completed"}, "only actions have a status"),
        (Kind.ACTION, {"status": "Done"}, "'Done' is none of Unknown"),
        (Kind.ARTIFACT, {"description": ""}, "artifacts have no description"),
        (Kind.ACTION, {"description": "d" * 3073}, "the description has 3073"),
        (Kind.CONTEXT, {"metadata": {"CommitId": "x"}}, "contexts have no metadata"),
        (Kind.ACTION, {"metadata": {"Commit": "x"}}, "'Commit' is none of CommitId"),
        (Kind.ACTION, {"metadata": {"CommitId": "x" * 1025}}, "has 1025 characters"),
        (Kind.ACTION, {"tags": {str(number): "" for number in range(51)}}, "51 tags; at most 50"),
        (Kind.ACTION, {"tags": {"k" * 129: ""}}, "the key of a tag has 129"),
        (Kind.ACTION, {"tags": {"k": "v" * 257}}, "the tag 'k' has 257"),
        (Kind.ACTION, {"tags": {"AWS:k": ""}}, "begins with aws:"),
        (Kind.ARTIFACT, {"source_uri": "a\nb"}, "the source URI has the end of a line"),
        (Kind.ACTION, {"properties": {"k": "a\nb"}}, "the property 'k' has the end of a line"),
        (Kind.ACTION, {"tags": {"k": "<v>"}}, "the tag 'k' has other signs"),
        (Kind.TRIAL_COMPONENT, {}, "SageMaker makes it with the job"),
    ],
)
def test_values_that_are_refused(kind: Kind, values: dict[str, object], problem: str) -> None:
    """One problem for each value."""
    entity = NewEntity(**({"kind": kind, "type": "T", "name": "n", "source_uri": "s"} | values))  # type: ignore[arg-type]
    (found,) = entity_problems(entity)
    assert problem in found
    assert len(found) < 300


def test_the_largest_values_are_allowed() -> None:
    """They are inclusive."""
    texts = {f"{number:02}" + "k" * 2498: "v" * 4096 for number in range(30)}
    entity = NewEntity(
        kind=Kind.ARTIFACT,
        type="t" * 256,
        name="n" * 120,
        source_uri="s" * 2048,
        source_types=(("Custom", "x" * 256),),
        properties=texts,
        metadata={"CommitId": "x" * 1024},
        tags={"k" * 128: "v" * 256},
    )
    assert list(entity_problems(entity)) == []
    assert list(tag_problems({"": ""})) == ["the key of a tag is empty"]


def test_arns() -> None:
    """Their parts say the kind, and whether they may be ends of associations."""
    start = "arn:aws-cn:sagemaker:cn-north-1:123456789012:"
    assert kind_of(f"{start}experiment-trial-component/t") == Kind.TRIAL_COMPONENT
    assert kind_of(f"{start}endpoint/e") is None
    assert kind_of("arn:aws:s3") is None
    assert not is_arn("s3://b/k")
    assert id_of(f"{start}action/a") == "a"
    assert is_associable(f"{start}experiment/e")
    assert not is_associable(f"{start}experiment-trial/e")
    assert is_experiment(f"{start}experiment-trial/e")
    assert not is_experiment("new:data")
