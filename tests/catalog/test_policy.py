"""The policy of a recipe allows exactly the calls of a full run."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from capture_ops.__main__ import app
from integrations.catalog.options import Connection, Options, Role
from integrations.catalog.policy import policy
from integrations.catalog.reader import read
from integrations.catalog.values import JobKind
from tests.catalog import accounts
from tests.catalog.readings import ONLY_ORIGINAL
from tests.catalog.table import Table
from tests.catalog.table_server import serving

_NEW = {name: False for name in Options.__struct_fields__ if name.startswith("extract_")}
_JOBS = ("AutoMLJob", "CompilationJob", "HyperParameterTuningJob", "LabelingJob", "ProcessingJob", "TransformJob")


def everything() -> Table:
    """Return an account with an entity of every kind, and one that only the lineage links."""
    table = accounts.deployed_by_lineage()
    table.remove("EndpointConfig", "e-config")
    accounts.training_job(table, "t")
    for kind in (*_JOBS, "FeatureGroup", "Pipeline", "MonitoringSchedule", "InferenceComponent"):
        table.add(kind, {f"{kind}Name": "one"})
    table.add(
        "PipelineExecution",
        {"PipelineExecutionArn": f"{accounts.ACCOUNT}:pipeline/one/execution/x", "PipelineName": "one"},
    )
    group = table.add("ModelPackageGroup", {"ModelPackageGroupName": "g"})
    accounts.package(table, "g", 1)
    context = {"ContextArn": "context/g", "ContextType": "ModelGroup"}
    table.add("Context", context | {"Source": {"SourceUri": group["ModelPackageGroupArn"]}})
    return table


def actions(document: dict[str, Any]) -> set[str]:
    """Return all actions of a policy."""
    return {action for statement in document["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        ONLY_ORIGINAL,
        Options(extract_tags=False),
        Options(extract_models=False),
        Options(extract_jobs={JobKind.TRAINING: False}),
        Options(extract_jobs=False, extract_feature_groups=False),
        Options(extract_pipelines=False),
        replace(Options(), **{**_NEW, "extract_captures": True}),
        replace(Options(), **{**_NEW, "extract_monitoring_schedules": True, "extract_tags": True}),
    ],
)
def test_exactly_what_a_full_run_calls(options: Options) -> None:
    document = policy(options, Connection(region="eu-west-1"))
    with serving(everything()) as server:
        server.allowed = frozenset(actions(document))
        problems = read(server.client(), options, sleep=lambda _: None).problems
        called = {f"sagemaker:{operation}" for operation in server.counts}
    assert actions(document) == called
    assert not [each for each in problems if "Denied" in each.title]


def test_no_wildcards_and_descriptions_on_their_entities_only() -> None:
    role = Role({"RoleArn": "arn:aws-cn:iam::210987654321:role/reader"})
    document = policy(Options(), Connection(region="cn-north-1", roles=(role,)))
    assert not [action for action in actions(document) if "*" in action]
    for statement in document["Statement"]:
        if statement["Sid"] == "ListEntities":
            assert statement["Resource"] == ["*"]
        elif statement["Sid"] == "AssumeRoles":
            assert statement["Resource"] == ["arn:aws-cn:iam::210987654321:role/reader"]
        else:
            start = "arn:aws-cn:sagemaker:cn-north-1:210987654321:"
            assert all(each.startswith(start) and each.endswith("/*") for each in statement["Resource"])


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("us-gov-west-1", "arn:aws-us-gov:sagemaker:us-gov-west-1:*:"),
        ("us-isof-south-1", "arn:aws-iso-f:sagemaker:us-isof-south-1:*:"),
        ("eusc-de-east-1", "arn:aws-eusc:sagemaker:eusc-de-east-1:*:"),
        ("mars", "arn:aws:sagemaker:mars:*:"),
        (None, "arn:aws:sagemaker:*:*:"),
    ],
)
def test_partitions(region: str | None, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")  # the policy needs no profile
    document = policy(ONLY_ORIGINAL, Connection(region=region))
    assert document["Statement"][1]["Resource"][0].startswith(start)


def test_without_a_region_the_role_has_the_partition() -> None:
    role = Role({"RoleArn": "arn:aws-cn:iam::210987654321:role/reader"})
    document = policy(ONLY_ORIGINAL, Connection(roles=(role,)))
    assert document["Statement"][1]["Resource"][0].startswith("arn:aws-cn:sagemaker:*:210987654321:")


def test_actions_match_the_entities_of_their_statement() -> None:
    """Every description is allowed on the ARNs of its entities."""
    resources = {each.rpartition(":")[2] for each in policy(Options(), Connection())["Statement"][1]["Resource"]}
    with serving(everything()) as server:
        documents = read(server.client(), Options(), sleep=lambda _: None).estate.documents
    assert {f"{arn.rpartition(':')[2].partition('/')[0]}/*" for arn in documents} == resources


Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    return lambda *args: CliRunner().invoke(app, ["catalog", *args])


def test_the_commands(run: Run, tmp_path: Any) -> None:
    written = run("recipe", "--sink", "file")
    assert written.exit_code == 0
    path = tmp_path / "recipe.yml"
    path.write_text(written.stdout.replace("# extract_tags: true", "extract_tags: false"))
    printed = run("iam-policy", "--recipe", str(path))
    assert json.loads(printed.stdout) == policy(Options(extract_tags=False), Connection(region="eu-west-1"))
    assert json.loads(run("iam-policy").stdout) == policy(Options(), Connection())


def test_wrong_calls_of_the_commands(run: Run, tmp_path: Any) -> None:
    assert run("recipe", "--sink", "kafka").exit_code == 2
    assert run("iam-policy", "--recipe", str(tmp_path / "none.yml")).exit_code == 2
    path = tmp_path / "recipe.yml"
    path.write_text("source: {type: other, config: {extract_job: true}}")
    wrong = run("iam-policy", "--recipe", str(path))
    assert wrong.exit_code == 3
    assert "2 problem(s)" in wrong.stderr
