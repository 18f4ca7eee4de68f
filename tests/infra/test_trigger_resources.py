"""Triggers in the template: rules on the event bus, or notifications of a bucket of the stack."""

import json
from typing import Any

from tests.infra.conftest import Stacks, Template
from tests.infra.examples import STATEFUL, properties, resources


def test_an_existing_bucket_has_a_rule_and_is_not_changed(stacks: Stacks) -> None:
    """The template has neither the bucket nor a custom resource that could write its configuration."""
    template = stacks.example("existing-bucket")
    assert list(resources(template, "S3::Bucket")) == ["QuarantineBucket2B128B57"]
    assert not [each for each in template["Resources"].values() if each["Type"].startswith("Custom::")]
    assert "PutBucketNotification" not in json.dumps(template)
    rule = properties(template, "Events::Rule")
    assert rule["EventPattern"]["detail"] == {
        "bucket": {"name": ["sagemaker-eu-west-1-123456789012"]},
        "object": {"key": [{"wildcard": "datacapture/churn/*.jsonl"}]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["CapturesQueue73712E55", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["CapturesDeadLetters4630FE82", "Arn"]}}


def senders(template: Template, queue: str) -> list[tuple[str, Any]]:
    """Return the services that may send to a queue, and the sources that they act for."""
    statements = properties(template, "SQS::QueuePolicy", queue)["PolicyDocument"]["Statement"]
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    assert all(each["Action"] == "sqs:SendMessage" for each in allowed)
    assert all(
        each["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}} for each in allowed
    )
    return [(each["Principal"]["Service"], each["Condition"]["ArnEquals"]["aws:SourceArn"]) for each in allowed]


def test_only_the_rules_of_the_stack_may_send(stacks: Stacks) -> None:
    """Each rule may send by its own ARN, to the queue and, after failed deliveries, to the dead letters."""
    template = stacks.example("ten-models")
    (rule,) = resources(template, "Events::Rule")
    for queue in ("CapturesQueuePolicy", "CapturesDeadLettersPolicy"):
        assert senders(template, queue) == [("events.amazonaws.com", {"Fn::GetAtt": [rule, "Arn"]})]


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
    ((service, arn),) = senders(template, "CapturesQueuePolicy")
    assert service == "s3.amazonaws.com"
    assert json.dumps(arn).count("captures-eu-west-1-123456789012") == 1
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
