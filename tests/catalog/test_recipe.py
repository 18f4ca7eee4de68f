"""Recipes: a written one can be read, and a wrong one gets all its problems at once."""

from pathlib import Path

import pytest
import yaml

from integrations.catalog.fields import FIELDS
from integrations.catalog.options import Connection, Options, Pattern, Role
from integrations.catalog.recipe import Recipe, RecipeError, Sink, read_recipe, recipe_of, written
from integrations.catalog.values import JobKind


def of(**config: object) -> Recipe:
    """Return the options and the connection of a recipe with these fields."""
    return recipe_of({"source": {"type": "sagemaker-capture", "config": config}}, "recipe.yml")


def problems_of(document: object) -> list[str]:
    """Return the problems of a recipe."""
    with pytest.raises(RecipeError) as raised:
        recipe_of(document, "recipe.yml")
    return raised.value.problems


@pytest.mark.parametrize("sink", list(Sink))
def test_a_written_recipe_reads_everything(sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_text(written(sink))
    assert read_recipe(path) == Recipe(Options(), Connection(region="eu-west-1"))
    document = yaml.safe_load(path.read_text())
    assert document["sink"]["type"] == sink
    assert list(document["source"]["config"]) == ["aws_region"]


def test_a_written_recipe_is_valid_with_every_comment_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    lines = written(Sink.FILE).splitlines()
    path.write_text("\n".join(line.replace("# ", "", 1) if _is_field(line) else line for line in lines))
    assert set(yaml.safe_load(path.read_text())["source"]["config"]) == set(FIELDS)
    assert read_recipe(path).options == Options()
    assert max(map(len, lines)) <= 120


def _is_field(line: str) -> bool:
    return line.strip().removeprefix("# ").partition(":")[0] in FIELDS


def test_secrets_are_variables() -> None:
    text = written(Sink.DATAHUB_REST)
    for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "token"):
        (line,) = [each for each in text.splitlines() if each.strip().removeprefix("# ").startswith(f"{name}:")]
        assert '"${' in line


def test_every_option_of_the_reader_is_a_field() -> None:
    assert set(Options.__struct_fields__) <= set(FIELDS)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ({"extract_jobs": {"training": "false"}}, Options(extract_jobs={JobKind.TRAINING: False})),
        ({"extract_jobs": {"training": True}}, Options(extract_jobs={JobKind.TRAINING: True})),
        ({"extract_jobs": "false"}, Options(extract_jobs=False)),
        ({"extract_jobs": None}, Options(extract_jobs=None)),
        ({"extract_models": None}, Options()),
        ({"max_workers": "8"}, Options(max_workers=8)),
        ({"job_pattern": {"deny": ["a"]}}, Options(job_pattern=Pattern(deny=("a",)))),
    ],
)
def test_values(config: dict[str, object], options: Options) -> None:
    assert of(**config).options == options


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        ("arn:1", (Role({"RoleArn": "arn:1"}),)),
        ({"RoleArn": "arn:1", "ExternalId": "x"}, (Role({"RoleArn": "arn:1", "ExternalId": "x"}),)),
        (["arn:1", {"RoleArn": "arn:2"}], (Role({"RoleArn": "arn:1"}), Role({"RoleArn": "arn:2"}))),
        (None, ()),
    ],
)
def test_roles(role: object, roles: tuple[Role, ...]) -> None:
    assert of(aws_role=role).connection.roles == roles


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION", "eu-west-3")
    monkeypatch.setenv("TAGS", "false")
    recipe = of(aws_region="${REGION}", extract_tags="${TAGS}", extract_models="${UNSET:-false}", aws_profile="${NO}")
    assert recipe == Recipe(Options(extract_tags=False, extract_models=False), Connection(region="eu-west-3"))


@pytest.mark.parametrize("text", ["$REGION_OF_US", "${REGION_OF_US}", "${OTHER_OF_US:-eu-west-3}"])
def test_variables_have_the_forms_of_datahub(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGION_OF_US", "eu-west-3")
    assert of(aws_region=text).connection.region == "eu-west-3"


def test_a_variable_that_the_policy_needs_must_be_set() -> None:
    config: dict[str, object] = {
        "aws_region": "$NO_REGION",
        "aws_role": [{"RoleArn": "${NO_ROLE}"}],
        "aws_access_key_id": "${NO_KEY}",
    }
    with pytest.raises(RecipeError) as raised:
        of(**config, aws_secret_access_key="${NO}")
    assert [each.partition(" is not set")[0] for each in raised.value.problems] == [
        "source.config.aws_region: $NO_REGION",
        "source.config.aws_role: ${NO_ROLE}",
    ]


def test_a_recipe_in_toml(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('[source]\ntype = "sagemaker-capture"\n[source.config]\naws_region = "eu-west-3"\n')
    assert read_recipe(path).connection.region == "eu-west-3"
    path.write_text("source: {}")
    with pytest.raises(RecipeError, match="is not TOML"):
        read_recipe(path)


def test_all_problems_at_once() -> None:
    config = {
        "extract_job": True,
        "extract_jobs": {"trainings": True, "edge": False},
        "extract_models": "perhaps",
        "max_workers": 0,
        "s3_names": "as-ever",
        "model_pattern": {"allow": ["("]},
        "endpoint_pattern": {"allows": []},
        "aws_access_key_id": "AKIA",
        "aws_role": [{"ExternalId": "x"}],
        "aws_retry_mode": "hopeful",
    }
    found = problems_of({"source": {"type": "sage", "config": config}})
    places = [
        "source.type",
        *(f"source.config.{name}" for name in config if name != "aws_access_key_id"),
        "source.config",
    ]
    assert [each.partition(": ")[0] for each in found] == places
    text = "\n".join(found)
    for part in ("did you mean extract_jobs?", "edge, trainings", "as-before", "no regular expression", "RoleArn"):
        assert part in text
    assert "AKIA" not in text


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"source": []}, {"source": {"type": "sagemaker-capture", "config": 3}}]
)
def test_no_recipe(document: object) -> None:
    assert problems_of(document)


def test_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="not YAML"):
        read_recipe(path)
