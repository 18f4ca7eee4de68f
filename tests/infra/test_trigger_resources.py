"""Triggers in the template: rules on the event bus, or notifications of a bucket of the stack."""

import json
import re

import pytest

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import STATEFUL, properties, resources
from tests.infra.iam import resolved


def test_an_existing_bucket_has_a_rule_and_is_not_changed(stacks: Stacks) -> None:
    """The template has neither the bucket nor a custom resource that could write its configuration."""
    template = stacks.example("existing-bucket")
    assert list(resources(template, "S3::Bucket")) == ["QuarantineBucket2B128B57"]
    assert not [each for each in template["Resources"].values() if each["Type"].startswith("Custom::")]
    assert "PutBucketNotification" not in json.dumps(template)
    rule = properties(template, "Events::Rule")
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": ["sagemaker-eu-west-1-123456789012"]},
        "object": {"key": [{"prefix": "datacapture/churn/"}]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["CapturesQueue73712E55", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["CapturesDeadLetters4630FE82", "Arn"]}}


def senders(template: Template, queue: str) -> list[tuple[str, str]]:
    """Return the services that may send to a queue, and the sources that they act for."""
    statements = properties(template, "SQS::QueuePolicy", queue)["PolicyDocument"]["Statement"]
    allowed = [resolved(each, template, {}) for each in statements if each["Effect"] == "Allow"]
    assert all(each["Action"] == "sqs:SendMessage" for each in allowed)
    assert all(each["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"} for each in allowed)
    return [(each["Principal"]["Service"], each["Condition"]["ArnLike"]["aws:SourceArn"]) for each in allowed]


RULES = ("events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/capture-forwarder-captures-*")


@pytest.mark.parametrize("example", ["existing-bucket", "ten-models", "new-bucket"])
def test_rules_of_the_stack_and_buckets_of_the_account_may_send(stacks: Stacks, example: str) -> None:
    """Whatever the triggers are; failed deliveries go to the dead letters, and nothing else does."""
    template = stacks.example(example)
    assert senders(template, "CapturesQueuePolicy") == [RULES, ("s3.amazonaws.com", "arn:aws:s3:::*")]
    assert senders(template, "CapturesDeadLettersPolicy") == [RULES]


def test_the_name_of_a_rule_depends_on_its_bucket_only(stacks: Stacks) -> None:
    """The queue's policy allows these names."""
    name = properties(stacks.example("ten-models"), "Events::Rule")["Name"]
    assert name == properties(stacks.example("existing-bucket"), "Events::Rule")["Name"]
    assert re.fullmatch("capture-forwarder-captures-[0-9a-f]{8}", name)


def test_ten_models_of_one_bucket_share_a_rule(stacks: Stacks) -> None:
    """One target for ten keys delivers a capture once."""
    keys = properties(stacks.example("ten-models"), "Events::Rule")["EventPattern"]["detail"]["object"]["key"]
    assert len(keys) == 10


def test_a_bucket_of_the_stack_notifies_the_queue_itself(stacks: Stacks) -> None:
    """Nested prefixes share one notification; the queue's policy comes first, because S3 tests it."""
    template = stacks.example("nested-prefixes")
    (name,) = resources(template, "S3::Bucket").keys() - STATEFUL.keys()
    bucket = template["Resources"][name]
    notifications = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    filters = [[rule["Value"] for rule in each["Filter"]["S3Key"]["Rules"]] for each in notifications]
    assert filters == [["datacapture/", ".jsonl"], ["datacapture/churn/archive/", ".jsonl.gz"]]
    assert {each["Event"] for each in notifications} == {"s3:ObjectCreated:*"}
    (policy,) = (each for each in resources(template, "SQS::QueuePolicy") if each.startswith("CapturesQueue"))
    assert policy in bucket["DependsOn"]
    assert not resources(template, "Events::Rule")


def test_another_account_can_put_only_events_of_new_objects_on_the_bus(stacks: Stacks) -> None:
    """The policy of the bus allows no other events, and the rule matches the account."""
    template = stacks.example("eventbridge")
    (statement,) = (each["Properties"]["Statement"] for each in resources(template, "Events::EventBusPolicy").values())
    assert statement["Action"] == "events:PutEvents"
    assert statement["Condition"] == {
        "StringEquals": {"events:source": "aws.s3", "events:detail-type": "Object Created"}
    }
    accounts = [
        each["Properties"]["EventPattern"].get("account") for each in resources(template, "Events::Rule").values()
    ]
    assert sorted(map(str, accounts)) == ["None", "['210987654321']"]
    made = properties(template, "S3::Bucket", "Trigger")["NotificationConfiguration"]
    assert made == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
