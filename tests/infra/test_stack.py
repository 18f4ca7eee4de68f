"""The resources of the stack, as far as behaviour depends on them."""

import json
from pathlib import Path
from typing import Any

import pytest

from capture_forwarder.configuration.names import ALLOCATOR_VARIABLES, RESOURCE_VARIABLES
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import BACKFILL_QUEUE, DEFAULT, EXAMPLES, STATEFUL, properties, resources

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("example", EXAMPLES)
def test_queues_table_and_quarantine_keep_their_logical_ids_and_are_retained(stacks: Stacks, example: str) -> None:
    """Another logical id would be another, empty table, and `cdk destroy` keeps what was forwarded, refused and pending.

    A first deployment that fails removes them, or the queues and buckets with names would block the next one.
    """
    template = stacks.example(example)
    assert {name: template["Resources"][name]["Type"] for name in STATEFUL} == STATEFUL
    kinds = ("S3::Bucket", "DynamoDB::Table", "SQS::Queue")
    kept = [each for kind in kinds for each in resources(template, kind).values()]
    assert len(kept) >= len(STATEFUL)
    policies = {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in kept}
    assert policies == {("RetainExceptOnCreate", "Retain")}


def test_the_page_on_deploying_again_names_what_the_stack_keeps() -> None:
    """`cdk import` finds the kept resources by these logical ids, and each by the identifier of its type."""
    page = Path("docs/deploy.md").read_text(encoding="utf-8").partition("# Deploying again")[2]
    kept = json.loads(page.partition("```json")[2].partition("```")[0])
    identifiers = {"AWS::SQS::Queue": "QueueUrl", "AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
    assert {name: list(each) for name, each in kept.items()} == {
        name: [identifiers[kind]] for name, kind in STATEFUL.items()
    }


def test_a_bucket_that_the_stack_makes_keeps_its_logical_id(stacks: Stacks) -> None:
    """With another trigger it is still the same bucket."""
    names = {
        name for example in ("new-bucket", "eventbridge") for name in resources(stacks.example(example), "S3::Bucket")
    }
    assert names == {"QuarantineBucket2B128B57", "Triggercaptureseuwest1123456789012CapturesBucketDDD176B9"}


@pytest.mark.parametrize(
    ("name", "mapping"), [("CapturesQueue", "ForwarderMapping"), ("CapturesBackfill", "ForwarderBackfill")]
)
def test_a_queue_waits_longer_than_the_function_works(default: Template, name: str, mapping: str) -> None:
    """Visibility is six timeouts and the window; polls are long; five tries, then the dead letters of both queues."""
    queue = properties(default, "SQS::Queue", name)
    function = properties(default, "Lambda::Function", "ForwarderFunction")
    window = properties(default, "Lambda::EventSourceMapping", mapping).get("MaximumBatchingWindowInSeconds", 0)
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"] + window == 1800 + window
    assert (queue["ReceiveMessageWaitTimeSeconds"], queue["RedrivePolicy"]["maxReceiveCount"]) == (20, 5)
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["CapturesDeadLetters4630FE82", "Arn"]}
    dead = properties(default, "SQS::Queue", "CapturesDeadLetters")
    assert (dead["MessageRetentionPeriod"], queue["MessageRetentionPeriod"]) == (14 * 86_400, 10 * 86_400)


def test_only_the_two_queues_may_use_the_dead_letter_queue(default: Template) -> None:
    """They are named, because a reference to them would be a cycle."""
    names = {name: each["Properties"]["QueueName"] for name, each in resources(default, "SQS::Queue").items()}
    assert sorted(names.values()) == [
        "capture-forwarder-backfill",
        "capture-forwarder-captures",
        "capture-forwarder-dead-letters",
    ]
    policy = properties(default, "SQS::Queue", "CapturesDeadLetters")["RedriveAllowPolicy"]
    assert policy["redrivePermission"] == "byQueue"
    arns = [resolved_arn(arn) for arn in policy["sourceQueueArns"]]
    assert arns == [f"arn:PARTITION:sqs:REGION:ACCOUNT:capture-forwarder-{name}" for name in ("captures", "backfill")]


def resolved_arn(joined: Any) -> str:
    """Return an ARN in a template with names in place of the pseudo parameters."""
    names = {"AWS::Partition": "PARTITION", "AWS::Region": "REGION", "AWS::AccountId": "ACCOUNT"}
    return "".join(part if isinstance(part, str) else names[part["Ref"]] for part in joined["Fn::Join"][1])


def test_lambda_does_not_stop_what_the_function_requeues(default: Template) -> None:
    """It would drop a pending object after about 16 rounds, or three hours."""
    assert properties(default, "Lambda::Function", "ForwarderFunction")["RecursiveLoop"] == "Allow"


def test_the_function_is_called_with_batches_of_which_some_may_fail(default: Template) -> None:
    """One bad message never fails its neighbours, and no more run at once than was asked for."""
    mapping = properties(default, "Lambda::EventSourceMapping", "ForwarderMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert mapping["BatchSize"] == 10
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["CapturesQueue73712E55", "Arn"]}


def test_messages_of_a_backfill_come_one_by_one_and_beside_live_captures(default: Template) -> None:
    """Each names up to 50 objects; they have a queue and a limit of their own."""
    mapping = properties(default, "Lambda::EventSourceMapping", "ForwarderBackfill")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert mapping["BatchSize"] == 1
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [BACKFILL_QUEUE, "Arn"]}


def test_options_of_the_stack_reach_their_resources(stacks: Stacks) -> None:
    """Each number in the file is a number in the template."""
    template = stacks.template(
        DEFAULT.read_text(encoding="utf-8").replace(
            "[stack]",
            "[stack]\nmemory_size_mb = 1024\ntimeout_secs = 60\nreserved_concurrency = 10\nmax_concurrency = 6\n"
            "batch_size = 3\nbatching_window_secs = 0\nmax_receives = 2\nlog_retention_days = 30\n"
            "message_retention_days = 4\nquarantine_retention_days = 11\nruntime = 'python3.12'\n"
            "backfill.max_concurrency = 4\n",
        )
        + "\n[function]\ngive_up_days = 3\n"
    )
    function = properties(template, "Lambda::Function", "ForwarderFunction")
    assert (function["MemorySize"], function["Timeout"], function["ReservedConcurrentExecutions"]) == (1024, 60, 10)
    assert (function["Runtime"], function["Architectures"]) == ("python3.12", ["arm64"])
    mapping = properties(template, "Lambda::EventSourceMapping", "ForwarderMapping")
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (3, {"MaximumConcurrency": 6})
    mapping = properties(template, "Lambda::EventSourceMapping", "ForwarderBackfill")
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (1, {"MaximumConcurrency": 4})
    queue = properties(template, "SQS::Queue", "CapturesQueue")
    assert (queue["VisibilityTimeout"], queue["RedrivePolicy"]["maxReceiveCount"]) == (360, 2)
    assert queue["MessageRetentionPeriod"] == 4 * 86_400
    assert properties(template, "Logs::LogGroup", "LogGroup")["RetentionInDays"] == 30
    rules = properties(template, "S3::Bucket", "Quarantine")["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule} == {"rejected/": 11}
    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if rule["Id"] == "removed"] == [11]


@pytest.mark.parametrize("keep", [True, False])
def test_logs_are_deleted_with_the_stack_unless_they_are_kept(stacks: Stacks, *, keep: bool) -> None:
    """Some organisations must keep logs for longer than a stack."""
    text = DEFAULT.read_text(encoding="utf-8").replace("[stack]", f"[stack]\nkeep_logs = {str(keep).lower()}\n")
    (group,) = resources(stacks.template(text), "Logs::LogGroup").values()
    assert group["DeletionPolicy"] == ("RetainExceptOnCreate" if keep else "Delete")


def test_nothing_protects_a_stack_from_its_deletion_by_default(default: Template) -> None:
    """A protected table would block the rollback of a first deployment."""
    assert properties(default, "DynamoDB::Table").get("DeletionProtectionEnabled", False) is False


def test_the_environment_names_the_resources_of_the_stack(default: Template) -> None:
    """By the variables that it reads, beside those of the allocator. A service name would split its metrics."""
    variables = properties(default, "Lambda::Function", "ForwarderFunction")["Environment"]["Variables"]
    assert set(variables) == {*RESOURCE_VARIABLES.values(), *ALLOCATOR_VARIABLES}
    assert variables["MALLOC_ARENA_MAX"] == "1"
    assert variables["MALLOC_MMAP_THRESHOLD_"] == "1048576"
    assert variables[RESOURCE_VARIABLES["progress_table"]] == {"Ref": "ProgressTable131AA68D"}
    assert variables[RESOURCE_VARIABLES["quarantine_bucket"]] == {"Ref": "QuarantineBucket2B128B57"}
    assert variables[RESOURCE_VARIABLES["queue_url"]] == {"Ref": "CapturesQueue73712E55"}
    assert variables[RESOURCE_VARIABLES["backfill_queue_url"]] == {"Ref": BACKFILL_QUEUE}
    assert variables[RESOURCE_VARIABLES["account"]] == {"Ref": "AWS::AccountId"}


def test_the_table_has_the_names_that_the_function_writes(default: Template) -> None:
    """Key and expiry under the function's own names; on demand; restorable to any second."""
    table = properties(default, "DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "object_state", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_quarantine_is_private_and_expires(default: Template) -> None:
    """It is private and encrypted, and the files that the function writes expire."""
    bucket = properties(default, "S3::Bucket", "Quarantine")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "rejected/" in {rule.get("Prefix") for rule in bucket["LifecycleConfiguration"]["Rules"]}


def test_what_is_removed_from_quarantine_is_kept_for_thirty_days(default: Template) -> None:
    """A file that a command overwrites or deletes by mistake can be brought back; then no trace of it is left."""
    bucket = properties(default, "S3::Bucket", "Quarantine")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (removed,) = (rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule["Id"] == "removed")
    assert removed["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert removed["ExpiredObjectDeleteMarker"] is True
    assert "Prefix" not in removed


@pytest.mark.parametrize("example", ["new-bucket", "kms", "eventbridge"])
def test_every_resource_requires_tls(stacks: Stacks, example: str) -> None:
    """Every queue, bucket and topic of the stack denies it to everybody."""
    template = stacks.example(example)
    for kind, policy_kind, names in (
        ("SQS::Queue", "SQS::QueuePolicy", "Queues"),
        ("S3::Bucket", "S3::BucketPolicy", "Bucket"),
        ("SNS::Topic", "SNS::TopicPolicy", "Topics"),
    ):
        denying = [
            json.dumps(policy["Properties"][names])
            for policy in resources(template, policy_kind).values()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        for name in resources(template, kind):
            assert [one for one in denying if name in one], name


def test_a_customer_key_encrypts_queues_table_quarantine_and_logs(stacks: Stacks) -> None:
    """Both queues, table, quarantine and logs. EventBridge must reach the dead-letter queue even without the key."""
    template = stacks.example("kms")
    queues = {name: each["Properties"] for name, each in resources(template, "SQS::Queue").items()}
    dead = queues.pop("CapturesDeadLetters4630FE82")
    assert {each["KmsMasterKeyId"] for each in queues.values()} == {KEY}
    assert ("KmsMasterKeyId" in dead, dead["SqsManagedSseEnabled"]) == (False, True)
    assert properties(template, "DynamoDB::Table")["SSESpecification"]["KMSMasterKeyId"] == KEY
    (encryption,) = properties(template, "S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert {each["Properties"]["KmsKeyId"] for each in resources(template, "Logs::LogGroup").values()} == {KEY}


def test_without_a_customer_key_aws_keys_encrypt(default: Template) -> None:
    """Every resource with data is encrypted."""
    assert {each["Properties"]["SqsManagedSseEnabled"] for each in resources(default, "SQS::Queue").values()} == {True}


def test_the_function_joins_the_network_that_is_named(stacks: Stacks) -> None:
    """By id, without a lookup."""
    assert properties(stacks.example("vpc"), "Lambda::Function", "ForwarderFunction")["VpcConfig"] == {
        "SubnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
        "SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"],
    }


def test_every_role_stays_within_the_boundary(stacks: Stacks) -> None:
    """None is forgotten."""
    roles = resources(stacks.example("vpc"), "IAM::Role")
    assert roles
    boundaries = {each["Properties"]["PermissionsBoundary"] for each in roles.values()}
    assert boundaries == {"arn:aws:iam::123456789012:policy/boundary"}


def test_the_outputs_are_those_that_commands_read(default: Template) -> None:
    """The operator's tool reads them."""
    assert set(default["Outputs"]) == {
        "QueueUrl",
        "QueueArn",
        "DeadLetterQueueUrl",
        "DeadLetterQueueArn",
        "FunctionName",
        "ProgressTable",
        "QuarantineBucket",
        "BackfillQueueUrl",
        "AlarmTopicArn",
    }


def test_the_template_deploys_in_any_account_and_region(stacks: Stacks) -> None:
    """The same template deploys in any account, region and partition: what it names of them was in the file."""
    for example, path in EXAMPLES.items():
        said = path.read_text(encoding="utf-8")
        text = json.dumps(stacks.template(path))
        assert ("123456789012" in text) <= ("123456789012" in said), example
        assert '"arn:aws:s3' not in text, example
