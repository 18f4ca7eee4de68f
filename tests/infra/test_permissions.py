"""Least privilege: the role in the template allows every call of a run, and denies the calls that no run needs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import BACKFILL_QUEUE, EVERYTHING, EXAMPLES, properties, resources
from tests.infra.iam import HERE, Call, Role, resolved
from tests.infra.recording import CONFIG, recorded_run

NAMES = {
    "QuarantineBucket2B128B57": "quarantine",
    "ProgressTable131AA68D": "progress",
    "CapturesQueue73712E55": "captures",
    BACKFILL_QUEUE: "backfill",
    "LogGroupFC6E041D": "log",
}


def role_of(template: Template) -> Role:
    """Return the function's role in a template."""
    attached = [each["Ref"] for each in properties(template, "IAM::Role", "ForwarderRole")["ManagedPolicyArns"]]
    policies = resources(template, "IAM::ManagedPolicy")
    assert set(attached) == policies.keys()
    return Role(
        statement
        for name in attached
        for statement in resolved(policies[name]["Properties"]["PolicyDocument"]["Statement"], template, NAMES)
    )


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    """Return the calls of a run."""
    with recorded_run(tmp_path, monkeypatch) as calls:
        yield calls


def test_the_role_allows_the_calls_of_a_run_and_no_other_actions(recorded: list[Call], stacks: Stacks) -> None:
    """Without any one of its statements, a call of the run is denied. Lambda itself uses the other actions."""
    role = role_of(stacks.template(CONFIG.replace("URL", "http://127.0.0.1:8765")))
    assert [call for call in recorded if not role.allows(*call)] == []
    by_lambda = {
        "s3:ListBucket",  # S3 checks it to choose between 404 and 403
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    rare = {
        "dynamodb:GetItem",  # another run holds the object
        "dynamodb:UpdateItem",  # another run was killed
    }
    allowed = {
        action
        for each in role.statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert allowed - by_lambda - rare == {action for action, _, _ in recorded} - rare
    for sid in {each["Sid"] for each in role.statements} - {"ListCaptures0", "WriteLogs"}:
        assert [call for call in recorded if not role.without(sid).allows(*call)], sid


BUCKET_ARN = "arn:aws:s3:::sagemaker-eu-west-1-123456789012"
CAPTURE = f"{BUCKET_ARN}/datacapture/churn"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/66666666-7777-8888-9999-000000000000"
OWN_KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:capture-forwarder"
ALLOWED: dict[str, Call] = {
    "read a capture": ("s3:GetObject", f"{CAPTURE}/AllTraffic/2026/01/15/10/a.jsonl", {}),
    "get a 404 for a deleted capture": ("s3:ListBucket", BUCKET_ARN, {"s3:prefix": "datacapture/churn/AllTraffic/x"}),
    "read the token": ("secretsmanager:GetSecretValue", f"{SECRET}/arthur-AbC123", {}),
    "receive": ("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:captures", {}),
    "delete a message": ("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:captures", {}),
    "receive of a backfill": ("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:backfill", {}),
    "requeue to a backfill": ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:backfill", {}),
    "claim an object": ("dynamodb:UpdateItem", f"arn:aws:dynamodb:{HERE}:table/progress", {}),
    "look at a claim": ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/progress", {}),
    "replace a damaged item": ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/progress", {}),
    "write quarantine": ("s3:PutObject", "arn:aws:s3:::quarantine/rejected/a.jsonl.gz", {}),
    "log": ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:log:log-stream:2026/01/15/[1]0", {}),
    "decrypt with a bucket key": ("kms:Decrypt", KEY, {"kms:EncryptionContext:aws:s3:arn": BUCKET_ARN}),
    "decrypt an object": ("kms:Decrypt", KEY, {"kms:EncryptionContext:aws:s3:arn": f"{CAPTURE}/a.jsonl"}),
    "encrypt for the queue": ("kms:GenerateDataKey", OWN_KEY, {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}),
}
DENIED: dict[str, Call] = {
    "another prefix": ("s3:GetObject", f"{CAPTURE}-v2/a.jsonl", {}),
    "the prefix above": ("s3:GetObject", "arn:aws:s3:::sagemaker-eu-west-1-123456789012/datacapture/a.jsonl", {}),
    "another bucket": ("s3:GetObject", "arn:aws:s3:::sagemaker-us-east-1-123456789012/datacapture/churn/a.jsonl", {}),
    "a write beside captures": ("s3:PutObject", f"{CAPTURE}/a.jsonl", {}),
    "deleting a capture": ("s3:DeleteObject", f"{CAPTURE}/a.jsonl", {}),
    "listing the bucket": ("s3:ListBucket", BUCKET_ARN, {}),
    "listing elsewhere": ("s3:ListBucket", BUCKET_ARN, {"s3:prefix": "models/"}),
    "its notifications": ("s3:PutBucketNotification", BUCKET_ARN, {}),
    "reading quarantine": ("s3:GetObject", "arn:aws:s3:::quarantine/rejected/a.jsonl.gz", {}),
    "writing elsewhere in quarantine": ("s3:PutObject", "arn:aws:s3:::quarantine/backfill/a", {}),
    "removing from quarantine": ("s3:DeleteObject", "arn:aws:s3:::quarantine/rejected/a.jsonl.gz", {}),
    "removing a version from quarantine": (
        "s3:DeleteObjectVersion",
        "arn:aws:s3:::quarantine/rejected/a.jsonl.gz",
        {},
    ),
    "another secret": ("secretsmanager:GetSecretValue", f"{SECRET}/admin-AbC123", {}),
    "a secret with a longer name": ("secretsmanager:GetSecretValue", f"{SECRET}/arthur-admin-AbC123", {}),
    "writing the secret": ("secretsmanager:PutSecretValue", f"{SECRET}/arthur-AbC123", {}),
    "another table": ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/other", {}),
    "deleting progress": ("dynamodb:DeleteItem", f"arn:aws:dynamodb:{HERE}:table/progress", {}),
    "reading all progress": ("dynamodb:Scan", f"arn:aws:dynamodb:{HERE}:table/progress", {}),
    "emptying the queue": ("sqs:PurgeQueue", f"arn:aws:sqs:{HERE}:captures", {}),
    "writing dead letters": ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:CapturesDeadLetters4630FE82", {}),
    "another log": ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:other:log-stream:a", {}),
    "decrypting another bucket": ("kms:Decrypt", KEY, {"kms:EncryptionContext:aws:s3:arn": f"{BUCKET_ARN}-v2/a"}),
    "decrypting anything": ("kms:Decrypt", KEY, {}),
    "the stack's key without a service": ("kms:Decrypt", OWN_KEY, {}),
    "assuming another role": ("sts:AssumeRole", "arn:aws:iam::123456789012:role/admin", {}),
    "a network interface": ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/eni-1", {}),
}


@pytest.mark.parametrize("call", ALLOWED.values(), ids=ALLOWED)
def test_a_call_that_the_function_needs_is_allowed(stacks: Stacks, call: Call) -> None:
    """The example with customer keys has the most statements."""
    assert role_of(stacks.template(EXAMPLES["kms"])).allows(*call)


@pytest.mark.parametrize("call", DENIED.values(), ids=DENIED)
def test_a_call_that_the_function_does_not_need_is_denied(stacks: Stacks, call: Call) -> None:
    """Stolen credentials of this role give no other access."""
    assert not role_of(stacks.template(EXAMPLES["kms"])).allows(*call)


def test_lambda_may_create_network_interfaces_in_a_vpc_and_code_may_not(stacks: Stacks) -> None:
    """Requests of code name its function. The example also has its token in a parameter."""
    role = role_of(stacks.template(EXAMPLES["vpc"]))
    interface = f"arn:aws:ec2:{HERE}:network-interface/eni-1"
    code = {"lambda:SourceFunctionArn": f"arn:aws:lambda:{HERE}:function:capture-forwarder"}
    joining = role.statement("JoinNetwork")["Action"]
    assert "ec2:CreateNetworkInterface" in joining
    for action in joining:
        assert role.allows(action, interface)
        assert not role.allows(action, interface, code)
    assert role.allows("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/capture-forwarder/arthur")
    assert not role.allows("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/capture-forwarder/arthur2")


def test_the_key_of_a_token_is_no_part_of_an_arn(stacks: Stacks) -> None:
    """IAM allows a secret as a whole; several destinations may have their tokens in one."""
    text = CONFIG.replace("URL", "https://a.example.com").replace(
        "ssm:/forwarder/token", "secretsmanager:forwarder/token#b"
    )
    role = role_of(
        stacks.template(text.replace('"secretsmanager:forwarder/token"', '"secretsmanager:forwarder/token#a"'))
    )
    (statement,) = (each for each in role.statements if each["Sid"] == "ReadSecrets")
    assert statement["Resource"] == f"arn:aws:secretsmanager:{HERE}:secret:forwarder/token-??????"


def test_the_role_reads_every_secret_of_every_kind_of_destination(stacks: Stacks) -> None:
    """Those of headers and of signatures too, each with the key of its destination."""
    key = f"arn:aws:kms:eu-west-1:{'1' * 12}:key/{'1' * 8}-1111-1111-1111-{'1' * 12}"
    tables = f"""
[[destination]]
name = "hook"
kind = "webhook"
url = "https://hooks.example.com"
headers = {{ Authorization = "ssm:/hook/a", X-Key = "secretsmanager:hook-b#key" }}
signing_secret = "ssm:/hook/c"
secret_kms_key_arn = "{key}"

[[destination]]
name = "raw"
kind = "arthur-raw"
url = "https://arthur.example.com"
secret = "secretsmanager:raw"
"""
    role = role_of(stacks.template(CONFIG.replace("URL", "https://a.example.com") + tables))
    for name in ("hook/a", "hook/c"):
        assert role.allows("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/{name}")
    for name in ("hook-b", "raw"):
        assert role.allows("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{name}-AbCdEf")
    keys = [role.statement(sid)["Resource"] for sid in ("DecryptParameters", "DecryptSecrets")]
    assert keys == [key, key]


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_statement_has_a_wildcard_in_an_action(stacks: Stacks, example: str) -> None:
    """Only actions without resources, or on resources without names, are allowed on all resources."""
    template = stacks.template(EXAMPLES[example])
    policies = [
        policy
        for each in template["Resources"].values()
        if each["Type"] in {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
        for policy in each["Properties"].get("Policies", [each["Properties"]])
        if "PolicyDocument" in policy
    ]
    assert policies
    for statement in (each for policy in policies for each in policy["PolicyDocument"]["Statement"]):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        assert not [action for action in actions if "*" in action]
        if statement["Resource"] == "*":
            others = [action for action in actions if not action.startswith("sagemaker:List")]
            assert {action.split(":")[0] for action in others} <= {"ec2"}


def test_a_prefix_with_wildcard_characters_is_matched_literally(stacks: Stacks) -> None:
    """IAM's wildcards in a prefix give access to no other prefix."""
    text = CONFIG.replace("URL", "https://a.example.com").replace("datacapture/churn/", "data*/ch?rn/$x/")
    role = role_of(stacks.template(text))
    assert role.allows("s3:GetObject", "arn:aws:s3:::captures/data*/ch?rn/$x/a.jsonl")
    assert not role.allows("s3:GetObject", "arn:aws:s3:::captures/datacapture/churn/$x/a.jsonl")


KEY_OF_SECRET = "arn:aws:kms:eu-west-1:123456789012:key/88888888-7777-8888-9999-000000000000"
SECOND_KEY = "arn:aws:kms:eu-west-1:123456789012:key/99999999-7777-8888-9999-000000000000"


def test_a_secret_with_a_key_of_its_own_can_be_read(stacks: Stacks) -> None:
    """Through its service, and for that alone."""
    role = role_of(stacks.template(EVERYTHING))
    via = {"kms:ViaService": "ssm.eu-west-1.amazonaws.com"}
    assert role.allows("kms:Decrypt", KEY_OF_SECRET, via)
    assert not role.allows("kms:Decrypt", KEY_OF_SECRET, {"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    assert not role.allows("kms:GenerateDataKey", KEY_OF_SECRET, via)


def test_captures_under_several_keys_can_be_read(stacks: Stacks) -> None:
    """Endpoints have their own keys, and keys change. A bucket of the stack is encrypted with the first."""
    template = stacks.template(EVERYTHING)
    role = role_of(template)
    for key in (KEY, SECOND_KEY):
        assert role.allows(
            "kms:Decrypt", key, {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::notifies-the-queue/a"}
        )
    made = json.dumps(properties(template, "S3::Bucket", "Triggernotifies")["BucketEncryption"])
    assert (KEY in made, SECOND_KEY in made) == (True, False)


def test_services_have_the_domain_of_their_partition(stacks: Stacks) -> None:
    """In China it is amazonaws.com.cn."""
    conditions = [
        json.dumps(statement["Condition"]["StringEquals"]["kms:ViaService"])
        for policy in resources(stacks.template(EVERYTHING), "IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:ViaService" in statement.get("Condition", {}).get("StringEquals", {})
    ]
    assert len(conditions) == 2
    assert all("AWS::URLSuffix" in condition and "amazonaws" not in condition for condition in conditions)
