"""The configuration class: its values, its errors, and the values that the reader gets."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.catalog.datahub.config import SagemakerCaptureConfig
from integrations.catalog.datahub.options import options_of
from integrations.catalog.fields import FIELDS
from integrations.catalog.options import Options, Pattern, Role, S3Names
from integrations.catalog.values import JobKind
from tests.catalog.datahub.head_to_head import account
from tests.catalog.datahub.test_faults import Ran


def _config(**fields: Any) -> SagemakerCaptureConfig:
    return SagemakerCaptureConfig.model_validate(fields)


def test_the_defaults_are_those_of_the_reader() -> None:
    assert options_of(_config()) == Options()


def test_every_field_becomes_an_option() -> None:
    deny = {"deny": ["a"], "ignoreCase": False}
    config = _config(
        extract_jobs={"training": False},
        extract_feature_groups=False,
        extract_models=False,
        extract_endpoints=False,
        extract_captures=False,
        extract_registry=False,
        extract_pipelines=False,
        extract_monitoring_schedules=False,
        extract_tags=False,
        s3_names="as-written",
        max_workers=7,
        endpoint_pattern=deny,
        model_pattern=deny,
        job_pattern=deny,
        feature_group_pattern=deny,
    )
    pattern = Pattern(deny=("a",), ignore_case=False)
    assert options_of(config) == Options(
        extract_jobs={JobKind.TRAINING: False},
        extract_feature_groups=False,
        extract_models=False,
        extract_endpoints=False,
        extract_captures=False,
        extract_registry=False,
        extract_pipelines=False,
        extract_monitoring_schedules=False,
        extract_tags=False,
        s3_names=S3Names.AS_WRITTEN,
        max_workers=7,
        endpoint_pattern=pattern,
        model_pattern=pattern,
        job_pattern=pattern,
        feature_group_pattern=pattern,
    )


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        (None, ()),
        ("arn:a", (Role({"RoleArn": "arn:a"}),)),
        ({"RoleArn": "arn:a", "ExternalId": "x"}, (Role({"RoleArn": "arn:a", "ExternalId": "x"}),)),
        (
            ["arn:a", {"RoleArn": "arn:b", "DurationSeconds": 900}],
            (Role({"RoleArn": "arn:a"}), Role({"RoleArn": "arn:b", "DurationSeconds": 900})),
        ),
    ],
)
def test_roles(role: Any, roles: tuple[Role, ...]) -> None:
    assert _config(aws_role=role).connection.roles == roles
    beside_keys = _config(aws_role=role, aws_access_key_id="k", aws_secret_access_key="s", aws_session_token="t")
    assert beside_keys.connection.roles == roles
    assert (beside_keys.connection.access_key_id, beside_keys.connection.secret_access_key) == ("k", "s")
    assert beside_keys.connection.session_token == "t"


def test_the_connection_has_every_field() -> None:
    connection = _config(
        aws_region="eu-west-1",
        aws_profile="p",
        aws_endpoint_url="http://here",
        aws_proxy={"https": "http://proxy"},
        aws_retry_num=3,
        aws_retry_mode="legacy",
        read_timeout=7,
        aws_advanced_config={"connect_timeout": 5},
    ).connection
    assert (connection.region, connection.profile, connection.endpoint_url) == ("eu-west-1", "p", "http://here")
    assert connection.proxies == {"https": "http://proxy"}
    retries = {"max_attempts": 3, "mode": "legacy"}
    assert connection.client_config == {"retries": retries, "read_timeout": 7.0, "connect_timeout": 5}


def test_all_problems_at_once(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("[[route]]")
    wrong = {
        "extract_jobs": {"trainin": True},
        "forwarder_config": "odd.toml",
        "s3_names": "odd",
        "max_workers": 0,
        "nonsense": 1,
        "endpoint_pattern": {"allow": ["("]},
    }
    with pytest.raises(ValidationError) as raised:
        _config(**wrong)
    assert {each["loc"][0] for each in raised.value.errors()} == set(wrong)
    assert "trainin; the types are auto_ml, compilation" in str(raised.value)


def test_the_fields_are_those_of_a_written_recipe() -> None:
    assert set(SagemakerCaptureConfig.model_fields) == set(FIELDS)


def test_a_forwarder_is_found_in_this_folder_or_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _config().forwarder_config is None
    source = Path(__file__).parents[3] / "forwarder.toml"
    (tmp_path / "forwarder.toml").write_text(source.read_text())
    assert _config().forwarder_config == "forwarder.toml"
    monkeypatch.setenv("CAPTURE_FORWARDER_CONFIG", str(source))
    assert _config().forwarder_config == str(source)


def test_a_platform_instance_is_in_every_name_of_ours(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "forwarder.toml"
    ran = Ran(account(), tmp_path, platform_instance="prod", forwarder_config=str(source))
    urns = {urn for urn, _ in ran.records if not urn.startswith(("urn:li:tag:", "urn:li:dataPlatform:"))}
    ours = {urn for urn in urns if "dataPlatform:s3," not in urn}
    assert {urn for urn in ours if "prod." not in urn} == set()
    assert {urn for urn in urns - ours if "prod." in urn} == set()
    assert {urn for urn in ours if (urn, "dataPlatformInstance") not in ran.records} == set()
    monitored = "urn:li:dataset:(urn:li:dataPlatform:arthur,prod.arthur/00000000-0000-0000-0000-000000000000,PROD)"
    assert monitored in ours


def test_the_environment_is_in_every_urn_that_has_one(tmp_path: Path) -> None:
    ran = Ran(account(), tmp_path, env="DEV")
    assert {urn for urn, _ in ran.records if ",PROD)" in urn} == set()
    assert any(urn.endswith(",DEV)") for urn, _ in ran.records)
