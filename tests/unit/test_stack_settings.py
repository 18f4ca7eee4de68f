"""`[stack]` and `[[bucket]]`: defaults that deploy, and an error for everything that AWS would refuse."""

import pytest

from capture_forwarder.configuration.names import rule_name
from capture_forwarder.configuration.reader import SettingsError, parse_settings
from capture_forwarder.configuration.stack import (
    Architecture,
    BucketSettings,
    PythonRuntime,
    StackSettings,
    Trigger,
    Unrouted,
)

GOOD = """
[stack]
name = "forwarder"
batch_size = 100
batching_window_secs = 20
max_concurrency = 10
alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:on-call"

[stack.vpc]
subnet_ids = ["subnet-0a1b2c3d"]
security_group_ids = ["sg-0a1b2c3d"]

[stack.backfill]
max_concurrency = 20

[[destination]]
name = "arthur"
kind = "arthur"
url = "https://arthur.example.com"
secret = "secretsmanager:token"

[[route]]
name = "churn"
bucket = "captures"
prefix = "churn/"
destination = "arthur"
model_id = "m"

[[bucket]]
name = "captures"
create = true
"""


def test_the_defaults_of_the_stack() -> None:
    """A file without `[stack]` and `[[bucket]]` uses them."""
    text = GOOD[GOOD.index("[[destination]]") : GOOD.index("[[bucket]]")]
    settings = parse_settings(text)
    assert settings.stack == StackSettings()
    assert (settings.stack.runtime, settings.stack.architecture) == (PythonRuntime.PYTHON_3_13, Architecture.ARM64)
    assert settings.buckets == {"captures": BucketSettings(name="captures")}
    assert settings.buckets["captures"].unrouted is Unrouted.QUARANTINE
    assert (settings.stack.message_retention_days, settings.function.give_up_days) == (10, 7)
    assert settings.buckets["captures"].chosen_trigger is Trigger.EVENTBRIDGE


def test_nested_tables_reach_the_settings() -> None:
    """`[stack.vpc]` and `[stack.backfill]` too."""
    settings = parse_settings(GOOD)
    assert settings.stack.vpc is not None
    assert (settings.stack.vpc.subnet_ids, settings.stack.vpc.security_group_ids) == (
        ("subnet-0a1b2c3d",),
        ("sg-0a1b2c3d",),
    )
    assert settings.stack.backfill.max_concurrency == 20
    assert settings.buckets["captures"].chosen_trigger is Trigger.S3


def test_a_shared_bucket_may_skip_the_objects_of_others() -> None:
    """By default they are stored in quarantine, so that a missing route is noticed."""
    settings = parse_settings(GOOD.replace("create = true", 'create = true\nunrouted = "skip"'))
    assert settings.buckets["captures"].unrouted is Unrouted.SKIP


@pytest.mark.parametrize(("give_up", "kept"), [(1, 2), (6, 7), (12, 13)])
def test_messages_may_be_kept_one_day_longer_than_they_are_tried(give_up: int, kept: int) -> None:
    """Dead letters are kept longer: for 14 days."""
    text = GOOD.replace("[stack]", f"[function]\ngive_up_days = {give_up}\n[stack]\nmessage_retention_days = {kept}")
    settings = parse_settings(text)
    assert (settings.function.give_up_days, settings.stack.message_retention_days) == (give_up, kept)


@pytest.mark.parametrize(
    ("option", "trigger"),
    [
        ("create = true", Trigger.S3),
        ('create = true\ntrigger = "eventbridge"', Trigger.EVENTBRIDGE),
        ("", Trigger.EVENTBRIDGE),
        ('trigger = "eventbridge"', Trigger.EVENTBRIDGE),
    ],
)
def test_a_bucket_that_the_stack_does_not_make_is_triggered_by_eventbridge(option: str, trigger: Trigger) -> None:
    """S3's own notifications are the default for buckets of the stack only."""
    assert parse_settings(GOOD.replace("create = true", option)).buckets["captures"].chosen_trigger is trigger


def test_a_message_stays_invisible_for_six_timeouts_and_its_window() -> None:
    """Until then it is not delivered again; a message of a backfill waits for no window."""
    settings = StackSettings(timeout_secs=100, batching_window_secs=30)
    assert (settings.visibility_timeout_secs, settings.backfill_visibility_timeout_secs) == (630, 600)


BAD = {
    "an unknown option": ("batch_size", "batchsize = 1", "stack.batchsize: no such option; did you mean batch_size?"),
    "a name that CloudFormation refuses": ("name", 'name = "my_stack"', "stack.name: write letters, digits and -"),
    "a name of 41 characters": ("name", f'name = "{"n" * 41}"', "stack.name: write letters, digits and -; at most 40"),
    "an unknown runtime": ("name", 'runtime = "python3.9"', 'stack.runtime: write one of "python3.12", "python3.13"'),
    "an unknown processor": ("name", 'architecture = "arm"', 'stack.architecture: write one of "arm64", "x86_64"'),
    "too little time": ("name", "timeout_secs = 10", "stack.timeout_secs: write 30 to 900"),
    "too much memory": ("name", "memory_size_mb = 20000", "stack.memory_size_mb: write 128 to 10240"),
    "a retention that CloudWatch does not offer": ("name", "log_retention_days = 10", "stack.log_retention_days: write one of 1, 3, 5, 7, 14,"),
    "progress that expires before a dead letter": ("name", "progress_retention_days = 14", "stack.progress_retention_days: write 30 to 3650"),
    "too little concurrency": ("max_concurrency", "max_concurrency = 1", "stack.max_concurrency: write 2 to 1000"),
    "more than the reserved concurrency": ("name", "reserved_concurrency = 5", "stack.max_concurrency: write at most 5, the reserved_concurrency"),
    "a large batch without a window": ("batching_window_secs", "batching_window_secs = 0", "stack.batching_window_secs: write 1 or more"),
    "a topic's name": ("alarm_topic_arn", 'alarm_topic_arn = "on-call"', "stack.alarm_topic_arn: write the ARN of an SNS topic"),
    "an address without a domain": ("alarm_topic_arn", 'alarm_email = "on-call"', "stack.alarm_email: write an e-mail address"),
    "two ways to be called": ("alarm_topic_arn", 'alarm_email = "a@b.example"\nalarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:on-call"', "stack.alarm_email: remove it"),
    "a tag of AWS": ("name", 'tags = {"AWS:team" = "ml"}', "stack.tags: write at most 40 tags"),
    "a tag without a key": ("name", 'tags = {"" = "ml"}', "stack.tags: write at most 40 tags"),
    "a long key of a tag": ("name", f'tags = {{"{"k" * 129}" = "ml"}}', "stack.tags: write at most 40 tags"),
    "a long value of a tag": ("name", f'tags = {{team = "{"v" * 257}"}}', "stack.tags: write at most 40 tags"),
    "41 tags": ("name", "tags = {" + ", ".join(f'k{number} = "v"' for number in range(41)) + "}", "stack.tags: write at most 40 tags"),
    "a number as a tag": ("name", "tags = {team = 1}", "stack.tags: write at most 40 tags"),
    "captures every two days": ("name", "expect_captures_every_hours = 48", "stack.expect_captures_every_hours: write 1 to 24"),
    "metrics of nothing": ("name", 'metrics = "none"', 'stack.metrics: write one of "route", "stack"'),
    "a key's alias": ("name", 'kms_key_arn = "alias/mine"', "stack.kms_key_arn: write the ARN of a KMS key"),
    "half a key's id": ("name", 'kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0e3f0c1e"', "stack.kms_key_arn: write the ARN of a KMS key"),
    "an alias of a bucket's key": ("create", 'kms_key_arns = ["alias/mine"]', "bucket[0].kms_key_arns: write a list of ARNs of KMS keys"),
    "one key without a list": ("create", 'kms_key_arns = "arn:aws:kms:eu-west-1:123456789012:key/0e3f0c1e"', "bucket[0].kms_key_arns: write a list of ARNs of KMS keys"),
    "an alias of a secret's key": ("secret", 'secret = "ssm:/t"\nsecret_kms_key_arn = "alias/mine"', "destination[0].secret_kms_key_arn: write the ARN of a KMS key"),
    "a role as a boundary": ("name", 'permissions_boundary_arn = "arn:aws:iam::123456789012:role/r"', "stack.permissions_boundary_arn: write the ARN of a managed"),
    "no subnets": ("subnet_ids", "subnet_ids = []", "stack.vpc.subnet_ids: write a list of subnet ids"),
    "a subnet's name": ("subnet_ids", 'subnet_ids = ["private-a"]', "stack.vpc.subnet_ids: write a list of subnet ids"),
    "no groups": ("security_group_ids", "", "stack.vpc.security_group_ids: missing; write a list of at most five"),
    "S3's trigger on an existing bucket": ("create", 'trigger = "s3"', 'bucket[0].trigger: write "eventbridge" and run `capture-forwarder enable-eventbridge captures`'),
    "messages that outlive dead letters": ("name", "message_retention_days = 14", "stack.message_retention_days: write 2 to 13"),
    "messages that are deleted before they are given up": ("name", "message_retention_days = 7", "function.give_up_days: write at most 6, less than stack.message_retention_days (7); else SQS deletes"),
    "an unknown treatment of other objects": ("create", 'unrouted = "drop"', 'bucket[0].unrouted: write one of "quarantine", "skip"'),
    "an unknown trigger": ("create", 'trigger = "sns"', 'bucket[0].trigger: write one of "s3", "eventbridge"'),
    "a bucket without a route": ("[[bucket]]", '[[bucket]]\nname = "other"\n[[bucket]]', "bucket[0].name: no [[route]] names the bucket 'other'; there are ['captures']"),
    "one invocation for backfills": ("max_concurrency = 20", "max_concurrency = 1", "stack.backfill.max_concurrency: write 2 to 1000"),
    "backfills beyond what is reserved": ("name", "reserved_concurrency = 29", "stack.max_concurrency: write at most 29, the reserved_concurrency"),
    "one bucket twice": ("[[bucket]]", '[[bucket]]\nname = "captures"\n[[bucket]]', "bucket name 'captures': two [[bucket]] tables; write one"),
    "a new bucket in another account": ("create", 'create = true\naccount = "123456789012"', "bucket[0].account: remove it; a bucket that the stack makes"),
    "a short account id": ("create", 'account = "1234"', "bucket[0].account: write an account id of twelve digits"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "instead", "problem"), BAD.values(), ids=BAD)
def test_an_option_that_aws_would_refuse_is_a_problem_with_its_remedy(line: str, instead: str, problem: str) -> None:
    """One mistake gives one line. It begins with its path in the file."""
    old = next(one for one in GOOD.splitlines() if one.startswith(line))
    with pytest.raises(SettingsError) as caught:
        parse_settings(GOOD.replace(old, instead, 1))
    assert [one for one in caught.value.problems if one.startswith(problem)], caught.value.problems
    assert len(caught.value.problems) <= (2 if "no such option" in problem else 1)


def test_a_stack_may_have_40_tags() -> None:
    """Keys of 128 characters and values of 256, with letters of any script."""
    tags = {f"{'k' * 126}{number:02}": "v" * 256 for number in range(39)} | {"Kostenstelle für ML": "1/2+3=4:5@6_7-8.9"}
    table = "[stack.tags]\n" + "".join(f'"{key}" = "{value}"\n' for key, value in tags.items())
    assert parse_settings(GOOD + table).stack.tags == tags


@pytest.mark.parametrize(
    "bucket",
    ["a..b", "192.168.5.4", "xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias", "a--ol-s3", "a--x-s3", "Captures", "a"],
)
def test_a_bucket_name_that_s3_refuses_is_a_problem(bucket: str) -> None:
    """One of the rules of https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html is broken."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(GOOD.replace('"captures"', f'"{bucket}"'))
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["route[0].bucket", "bucket[0].name"]


@pytest.mark.parametrize("bucket", ["sagemaker-eu-west-1-123456789012", "a.b", "1.2.3.4.5", "a-s3alias-b", "ab-xn--c"])
def test_a_bucket_name_that_s3_takes_is_no_problem(bucket: str) -> None:
    """Names that nearly break a rule."""
    assert list(parse_settings(GOOD.replace('"captures"', f'"{bucket}"')).buckets) == [bucket]


def test_the_name_of_a_rule_fits_into_64_characters() -> None:
    """EventBridge takes no longer one. Two buckets have two names."""
    longest = rule_name("n" * 40, "b" * 63)
    assert len(longest) <= 64
    assert rule_name("s", "one") != rule_name("s", "two")
    assert rule_name("s", "one") == "s-captures-7692c3ad"


def test_a_value_in_place_of_a_nested_table_is_a_problem() -> None:
    """The problem names the path and the head of the table."""
    cut = GOOD[: GOOD.index("[stack.vpc]")] + "vpc = 1\n" + GOOD[GOOD.index("[[destination]]") :]
    with pytest.raises(SettingsError) as caught:
        parse_settings(cut)
    assert caught.value.problems == ["stack.vpc: write a table, [stack.vpc]"]
