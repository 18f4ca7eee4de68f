"""The second stack, deployed beside the first: an alarm goes off and recovers, and the first stays as it was.

The emulator evaluates an alarm when metric data is put. Differences to AWS: docs/adr/0011-emulator.md
"""

import json
import time
from collections.abc import Sequence
from typing import Any

import boto3
import pytest

from capture_ops.commands.demo import expected_inferences, sample_captures
from tests.e2e import configurations
from tests.e2e.configurations import BUCKET
from tests.e2e.deployment import run
from tests.e2e.ministack import ACCOUNT, REGION
from tests.e2e.world import World
from tests.support.alarm_evaluator import Data, key, state
from tests.worlds import eventually

_OBSERVABILITY = """
[observability]
job_vcpus = 8

[[observability.endpoint]]
name = "churn"
sampling_percent = 100
"""
# The emulator makes neither metric math, nor composite alarms, nor saved queries.
MATH = {"CapturesMissing/churn/AllTraffic", "ProcessingCpu", "TrainingCpu", "TransformCpu"}
PLAIN = {
    *("DeleteCalls", "DeniedCalls", "PipelineDuration"),
    *(f"{section}/churn/AllTraffic" for section in ("ModelLatency", "ServerErrors", "DiskUse")),
}
LATENCY = "ModelLatency/churn/AllTraffic"
_STACK = "capture-forwarder"
Alarm = dict[str, Any]


@pytest.mark.e2e
def test_the_stack_deploys_alarms_and_is_destroyed(world: World) -> None:
    """Deploy both, put metric data, get the notices, destroy the second, and forward captures."""
    run("capture-forwarder", "enable-eventbridge", BUCKET, "--yes")
    world.deployment.bootstrap()
    configuration = configurations.first(world.monitor.url) + _OBSERVABILITY
    check_left_out(world.deployment.deploy_observability(configuration))
    before = forwarder()
    check_notices(world)
    for name in sorted(PLAIN - {LATENCY}):
        check_agreement(name)
    world.deployment.destroy_observability()
    assert alarms() == {}
    assert dashboards() == ["capture-forwarder-eu-west-1"]
    assert forwarder() == before
    for each, content in sample_captures():
        world.put(each, content)
    eventually(world.held, expected_inferences())


def check_left_out(left_out: dict[str, Any]) -> None:
    """Only the listed resources are not made, and all others are there."""
    math = {each["Properties"]["AlarmName"] for each in left_out.values() if "Metrics" in each["Properties"]}
    assert math == {f"{_STACK}/{name}" for name in MATH}
    assert {each["Type"] for each in left_out.values()} == {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::Logs::QueryDefinition",
    }
    assert set(alarms()) == PLAIN
    assert len(dashboards()) == 1 + 5
    assert len(boto3.client("events").list_rules(NamePrefix=f"{_STACK}-observability")["Rules"]) == 2


def check_notices(world: World) -> None:
    """A latency of 5.1 s on average sends one notice, and 0.9 s another."""
    topic = world.deployment.outputs()["AlarmTopicArn"]
    queue = subscribed(topic)
    alarm = alarms()[LATENCY]
    assert (alarm["AlarmActions"], alarm["OKActions"]) == ([topic], [topic])
    received: list[tuple[str, str]] = []
    for values, expected in (([4_900_000], []), ([5_400_000], ["ALARM"]), ([100_000] * 20, ["ALARM", "OK"])):
        put(alarm, values)

        def states() -> list[str]:
            received.extend(notices(queue))
            return [new for name, new in received if name == f"{_STACK}/{LATENCY}" and new != "INSUFFICIENT_DATA"]

        # The first value makes the new alarm "OK", and the emulator sends a notice of this too.
        eventually(lambda: states()[1:], expected, within_secs=60)
    assert alarm["AlarmDescription"].endswith("See docs/runbook.md, ModelLatency.")


def subscribed(topic: str) -> str:
    """Return the URL of a new queue that gets the notices of a topic."""
    sqs, arn = boto3.client("sqs"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:pager"
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
    queue = sqs.create_queue(QueueName="pager", Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


def notices(queue: str) -> list[tuple[str, str]]:
    """Return name and new state of the alarms of all notices in a queue, and remove them."""
    sqs = boto3.client("sqs")
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    bodies = [json.loads(json.loads(each["Body"])["Message"]) for each in found]
    return [(each["AlarmName"], each["NewStateValue"]) for each in bodies]


def check_agreement(name: str) -> None:
    """The emulator and the evaluator of the tests give the same state at, above and far above the threshold."""
    threshold = alarms()[name]["Threshold"]
    values: list[float] = []
    for value in (threshold, 1, threshold + 1):
        put(alarms()[name], [value])
        values.append(value)
        alarm = alarms()[name]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        now = time.time()
        data: Data = {key(alarm["Namespace"], alarm["MetricName"], **dimensions): [(now, each) for each in values]}
        assert alarm["StateValue"] == state(alarm, data, now + 1), (name, values)


def put(alarm: Alarm, values: Sequence[float]) -> None:
    """Publish values of the metric of an alarm, now."""
    data = [{"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": each} for each in values]
    boto3.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=data)


def alarms() -> dict[str, Alarm]:
    """Return the alarms of the second stack by name, without the stack's name at its beginning."""
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{_STACK}/")
    return {each["AlarmName"].removeprefix(f"{_STACK}/"): dict(each) for page in pages for each in page["MetricAlarms"]}


def dashboards() -> list[str]:
    """Return the names of all dashboards."""
    return [each["DashboardName"] for each in boto3.client("cloudwatch").list_dashboards()["DashboardEntries"]]


def forwarder() -> dict[str, Any]:
    """Return the template, outputs and resources of the first stack, and the set-up of its topic."""
    cloudformation = boto3.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=_STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    resources = cloudformation.describe_stack_resources(StackName=_STACK)["StackResources"]
    topic = boto3.client("sns").get_topic_attributes(TopicArn=outputs["AlarmTopicArn"])["Attributes"]
    return {
        "template": cloudformation.get_template(StackName=_STACK)["TemplateBody"],
        "status": stack["StackStatus"],
        "outputs": outputs,
        "resources": {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources},
        "topic": {name: topic[name] for name in ("Policy", "DisplayName")},
    }
