"""`policy`: the JSON for the owner of a capture bucket in another account."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from capture_ops.__main__ import app

ROLE = "arn:aws:iam::123456789012:role/forwarder"
KEY = "arn:aws:kms:eu-west-1:999999999999:key/0e3f0c1e-1111-2222-3333-444444444444"
OTHER_KEY = "arn:aws:kms:eu-west-1:999999999999:key/0e3f0c1e-1111-2222-3333-555555555555"
DESTINATION = '[[destination]]\nname = "d"\nkind = "arthur"\nurl = "https://a.example"\nsecret = "ssm:/t"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a file with a bucket of another account, one with a key there, and one of this account."""
    routes = [("theirs", "data/churn/"), ("theirs", "data/churn/eu/"), ("theirs", "data/fraud/"), ("keyed", "a/")]
    text = DESTINATION
    for number, (bucket, prefix) in enumerate([*routes, ("ours", "b*/")]):
        route = f'name = "r{number}"\nbucket = "{bucket}"\nprefix = "{prefix}"\ndestination = "d"\nmodel_id = "m"\n'
        text += f"[[route]]\n{route}"
    text += '[[bucket]]\nname = "theirs"\naccount = "999999999999"\n'
    text += f'[[bucket]]\nname = "keyed"\naccount = "999999999999"\nkms_key_arns = ["{KEY}", "{OTHER_KEY}"]\n'
    path = tmp_path / "forwarder.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(config: Path, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["policy", "--config", str(config), *arguments])


def documents(done: Result) -> dict[str, Any]:
    """Return the printed documents by bucket."""
    assert done.exit_code == 0, done.output
    return {document["bucket"]: document for document in json.loads(done.stdout)}


def test_every_bucket_of_another_account_gets_a_policy(config: Path) -> None:
    """The named role may read and list captures below the routes' prefixes, and no others."""
    found = documents(run(config, "--role-arn", ROLE))
    assert set(found) == {"theirs", "keyed"}
    policy = found["theirs"]["bucket_policy"]
    assert policy["Version"] == "2012-10-17"
    reads, lists = policy["Statement"]
    assert {name: reads[name] for name in ("Effect", "Principal", "Action", "Resource")} == {
        "Effect": "Allow",
        "Principal": {"AWS": [ROLE]},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": ["arn:aws:s3:::theirs/data/churn/*", "arn:aws:s3:::theirs/data/fraud/*"],
    }
    assert (lists["Action"], lists["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::theirs")
    assert lists["Principal"] == {"AWS": [ROLE]}
    assert lists["Condition"] == {"StringLike": {"s3:prefix": ["data/churn/*", "data/fraud/*"]}}
    assert "key_policy_statement" not in found["theirs"]


def test_a_bucket_with_keys_gets_a_statement_for_each(config: Path) -> None:
    """It allows decryption for this bucket only, with and without bucket keys."""
    found = documents(run(config, "--role-arn", ROLE))["keyed"]
    assert found["kms_key_arns"] == [KEY, OTHER_KEY]
    statement = found["key_policy_statement"]
    assert (statement["Action"], statement["Principal"]) == ("kms:Decrypt", {"AWS": [ROLE]})
    assert statement["Condition"] == {
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::keyed", "arn:aws:s3:::keyed/*"]}
    }


def test_a_bucket_of_another_account_gets_the_rule_that_sends_its_captures(config: Path) -> None:
    """It sends captures only, and its role may only put events on the bus of the stack."""
    found = documents(run(config, "--role-arn", ROLE))
    rule = found["theirs"]["event_rule"]
    assert rule["event_pattern"]["detail"]["object"]["key"] == [{"prefix": "data/churn/"}, {"prefix": "data/fraud/"}]
    assert rule["target_arn"] == "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    (trust,) = rule["role_trust_policy"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "events.amazonaws.com"}, "sts:AssumeRole")
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "999999999999"},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-west-1:999999999999:rule/{rule['name']}"},
    }
    (allowed,) = rule["role_policy"]["Statement"]
    assert allowed == {"Effect": "Allow", "Action": "events:PutEvents", "Resource": rule["target_arn"]}
    assert "event_rule" not in documents(run(config, "--bucket", "ours", "--role-arn", ROLE))["ours"]


def test_a_rule_needs_the_region_of_the_stack(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be read off a role."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    done = run(config, "--role-arn", ROLE)
    assert (done.exit_code, "set AWS_DEFAULT_REGION" in done.stderr) == (2, True)


def many_routes(folder: Path, count: int) -> Path:
    """Return a file with routes of one bucket of another account."""
    text = DESTINATION + '[[bucket]]\nname = "theirs"\naccount = "999999999999"\n'
    for index in range(count):
        route = f'name = "r{index}"\nbucket = "theirs"\nprefix = "datacapture/endpoint-{index:03}/"\n'
        text += f'[[route]]\n{route}destination = "d"\nmodel_id = "m"\n'
    path = folder / "many.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("routes", "resources"), [(100, 100), (500, 1)])
def test_the_policy_of_a_bucket_is_never_too_large(tmp_path: Path, routes: int, resources: int) -> None:
    """S3 accepts 20 KB; wider prefixes need less."""
    policy = documents(run(many_routes(tmp_path, routes), "--role-arn", ROLE))["theirs"]["bucket_policy"]
    assert len(json.dumps(policy, indent=2)) <= 20_480
    assert len(policy["Statement"][0]["Resource"]) == resources


def test_too_many_roles_are_refused_with_the_size(tmp_path: Path) -> None:
    """The widest prefix does not help."""
    roles = [argument for index in range(300) for argument in ("--role-arn", f"{ROLE}-{index:03}")]
    done = run(many_routes(tmp_path, 1), *roles)
    assert done.exit_code == 2
    assert re.search(r"would have \d\d,\d{3} bytes for 300 roles, and S3 accepts 20,480", done.stderr)


def test_the_key_of_the_stack_gets_statements_for_services(tmp_path: Path) -> None:
    """EventBridge sends no source to KMS, so a condition on it would stop every event."""
    own = tmp_path / "own.toml"
    key = (
        KEY.replace("999999999999", "123456789012")
        .replace("arn:aws:", "arn:aws-cn:")
        .replace("eu-west-1", "cn-north-1")
    )
    text = many_routes(tmp_path, 1).read_text(encoding="utf-8")
    own.write_text(f'{text}[stack]\nkms_key_arn = "{key}"\n', encoding="utf-8")
    done = run(own, "--own-key")
    assert done.exit_code == 0, done.output
    events, s3, logs = json.loads(done.stdout)
    assert [each["Principal"]["Service"] for each in (events, s3)] == ["events.amazonaws.com", "s3.amazonaws.com"]
    assert events["Action"] == s3["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert "Condition" not in events
    assert s3["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert logs["Principal"] == {"Service": "logs.cn-north-1.amazonaws.com.cn"}
    (contexts,) = logs["Condition"]["ArnLike"].values()
    assert contexts == "arn:aws-cn:logs:cn-north-1:123456789012:log-group:*"
    keyless = run(many_routes(tmp_path, 1), "--own-key")
    assert (keyless.exit_code, "[stack] has no kms_key_arn" in keyless.stderr) == (2, True)


@pytest.mark.parametrize("role", ["forwarder", "arn:aws:iam::1:role/forwarder", "arn:aws:iam::123456789012:user/me"])
def test_a_role_that_is_no_arn_is_refused(config: Path, role: str) -> None:
    """A bucket's owner would add a policy that S3 refuses, or that allows another principal."""
    done = run(config, "--role-arn", ROLE, "--role-arn", role)
    assert (done.exit_code, f"{role}: write the ARN of a role" in done.stderr) == (2, True)


def test_events_go_to_the_account_of_the_first_role(config: Path) -> None:
    """A second role may be that of a person in another account."""
    person = "arn:aws:iam::111111111111:role/a-person"
    found = documents(run(config, "--role-arn", ROLE, "--role-arn", person))["theirs"]
    assert found["event_rule"]["target_arn"].split(":")[4] == ROLE.split(":")[4] != "111111111111"


def test_options_name_one_bucket_and_several_roles(config: Path) -> None:
    """The bucket may be in this account. ARNs follow the role's partition, and a star in a prefix is literal."""
    roles = [ROLE.replace("arn:aws:", "arn:aws-cn:"), ROLE.replace("arn:aws:", "arn:aws-cn:") + "-backfill"]
    found = documents(run(config, "--bucket", "ours", "--role-arn", roles[0], "--role-arn", roles[1]))
    (reads, _) = found["ours"]["bucket_policy"]["Statement"]
    assert (reads["Principal"], reads["Resource"]) == ({"AWS": roles}, ["arn:aws-cn:s3:::ours/b${*}/*"])


def test_the_default_role_is_that_of_the_deployed_function(config: Path, aws: str) -> None:
    """The stack's outputs name the function."""
    del aws
    boto3.client("iam").create_role(RoleName="forwarder", AssumeRolePolicyDocument="{}")
    with zipfile.ZipFile(code := io.BytesIO(), "w") as archive:
        archive.writestr("a.py", "")
    boto3.client("lambda").create_function(
        FunctionName="forward", Role=ROLE, Runtime="python3.13", Handler="a.b", Code={"ZipFile": code.getvalue()}
    )
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"FunctionName": {"Value": "forward"}},
    }
    boto3.client("cloudformation").create_stack(StackName="capture-forwarder", TemplateBody=json.dumps(template))
    found = documents(run(config))
    assert found["theirs"]["bucket_policy"]["Statement"][0]["Principal"] == {"AWS": [ROLE]}
    boto3.client("lambda").delete_function(FunctionName="forward")
    gone = run(config)
    assert (gone.exit_code, "--role-arn" in gone.stderr) == (4, True)
    boto3.client("cloudformation").delete_stack(StackName="capture-forwarder")


def test_a_wrong_call_is_an_error_with_the_remedy(config: Path, aws: str, tmp_path: Path) -> None:
    """A bucket without a route, no bucket of another account, and no stack."""
    del aws
    unknown = run(config, "--bucket", "unrouted", "--role-arn", ROLE)
    assert (unknown.exit_code, "routes name keyed, ours, theirs" in unknown.stderr) == (2, True)
    stackless = run(config)
    assert (stackless.exit_code, "there is no stack capture-forwarder" in stackless.stderr) == (2, True)
    own = tmp_path / "own.toml"
    route = '[[route]]\nname = "r"\nbucket = "ours"\nprefix = "b/"\ndestination = "d"\nmodel_id = "m"\n'
    own.write_text(DESTINATION + route, encoding="utf-8")
    none = run(own, "--role-arn", ROLE)
    assert (none.exit_code, "--bucket" in none.stderr) == (2, True)
