"""The whole system: the real app, deployed by the real `cdk` to AWS on loopback, forwards real captures.

Some routes have a schema and some have none, so both paths run deployed. IAM is enforced and every connection uses
TLS. Differences between the emulator and AWS: docs/adr/0011-emulator.md
"""

import re
from collections import Counter

import boto3
import pytest

from capture_ops.commands.demo import expected_inferences, sample_captures
from tests.e2e import configurations, foreign
from tests.e2e.configurations import (
    BUCKET,
    NEW_MODEL,
    NEW_PREFIX,
    OWN_BUCKET,
    PARAMETER,
    REJECTED,
    REJECTING_ROUTE,
)
from tests.e2e.deployment import run
from tests.e2e.world import Held, World
from tests.support.captures import capture, csv_side
from tests.worlds import eventually

ALARMS = {
    "DeadLetters",
    "OldestMessage",
    "OldestBackfillMessage",
    "Errors",
    "Throttles",
    "NearTimeout",
    "RecursionStopped",
    "ConservationViolations",
    "RequestsDenied",
    "Pending",
    "Blocked",
    "GivenUp",
    "Unrouted",
}
POISON = "no event at all {"
NEW_CAPTURE = f"{NEW_PREFIX}AllTraffic/2026/01/15/10/00-01-691-903d3150-15ef-4a3b-8a2b-594de34e614f.jsonl"
EARLY_CAPTURE = f"{NEW_PREFIX}AllTraffic/2026/01/14/23/59-01-691-56bd0cb6-3a62-4d0a-a6a8-45fbb0f4f7c5.jsonl"
SOURCE = "aws-samples-amazon-sagemaker-immersion-day"


def deploy_and_put_samples(world: World) -> None:
    """Deploy as docs/deploy.md says, and put the samples as SageMaker does."""
    run("capture-forwarder", "enable-eventbridge", BUCKET, "--yes")
    world.deployment.bootstrap()
    world.deployment.deploy(configurations.first(world.monitor.url))
    for key, content in sample_captures():
        world.put(key, content)


def check_samples(world: World) -> None:
    """Every sample is where it must be, once, and no message is left."""
    eventually(world.held, expected_inferences())
    eventually(lambda: world.messages("QueueUrl"), 0)
    assert world.times_received() == Counter({1: len(expected_inferences())})
    assert world.quarantined() == Counter({(REJECTING_ROUTE, code): count for code, count in REJECTED.items()})
    assert world.messages("DeadLetterQueueUrl") == 0
    counts = (len(expected_inferences()), REJECTED.total())  # in the function's metrics, written when it ends
    eventually(lambda: (world.total("InferencesAccepted"), rejected(world)), counts)
    assert world.total("ConservationViolations") == 0


def rejected(world: World) -> float:
    """Return how many rejections the function counted, of lines and of inferences."""
    return world.total("RecordsRejected") + world.total("InferencesRejected")


def test_captures_reach_the_monitor_through_the_deployed_stack(world: World) -> None:
    """Bootstrap, deploy, put the samples: each is exactly where it must be."""
    deploy_and_put_samples(world)
    check_samples(world)


@pytest.mark.e2e
def test_a_deployment_works_from_creation_over_changes_to_its_end(world: World) -> None:
    """Deploy, forward, get poison, change, forward, destroy: no row is lost, and another team is not affected."""
    foreign.create()
    theirs = foreign.notifications()
    deploy_and_put_samples(world)
    check_samples(world)
    assert foreign.notifications() == theirs | {"EventBridgeConfiguration": {}}
    check_alarms(world)
    check_poison(world)
    check_change(world)
    check_backfill(world)
    check_end(world)
    world.put("models/a.tar.gz", b"a model of theirs")
    eventually(foreign.notified_keys, ["models/a.tar.gz"])
    assert foreign.notifications() == theirs | {"EventBridgeConfiguration": {}}
    assert world.token not in world.emulator_log.read_text(encoding="utf-8")


@pytest.mark.e2e
def test_a_bucket_of_the_stack_notifies_the_queue_itself(world: World) -> None:
    """It needs no event bus. The captures stay when the stack is destroyed. Routes read their schema from the API."""
    boto3.client("ssm").put_parameter(Name=PARAMETER, Value=world.token, Type="SecureString")
    world.deployment.bootstrap()
    world.deployment.deploy(configurations.own_bucket(world.monitor.url))
    assert boto3.client("events").list_rules()["Rules"] == []
    for key, content in sample_captures():
        world.put(key, content, OWN_BUCKET)
    check_samples(world)
    world.deployment.destroy()
    kept = boto3.client("s3").list_objects_v2(Bucket=OWN_BUCKET)["KeyCount"]
    assert kept == len(list(sample_captures()))


@pytest.mark.e2e
def test_a_first_deployment_that_failed_can_be_repeated(world: World) -> None:
    """CloudFormation removes the bucket with a name too, so the next deployment can make it."""
    boto3.client("ssm").put_parameter(Name=PARAMETER, Value=world.token, Type="SecureString")
    world.deployment.bootstrap()
    configuration, buckets = configurations.own_bucket(world.monitor.url), bucket_names()
    with pytest.raises(RuntimeError, match="metric math") as caught:
        # The CDK uploads no second template of the same configuration.
        world.deployment.deploy(configuration.replace("max_receives = 2", "max_receives = 3"), fails=True)
    assert re.search(r"CREATE_COMPLETE +\| AWS::S3::Bucket .*/Captures/", str(caught.value)), "it failed too early"
    assert bucket_names() == buckets
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    world.deployment.deploy(configuration)
    assert OWN_BUCKET in bucket_names()


def bucket_names() -> set[str]:
    """Return the names of all buckets of the account."""
    return {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}


def check_alarms(world: World) -> None:
    """Every alarm except those with metric math is there, and notifies the stack's topic."""
    topic = world.deployment.outputs()["AlarmTopicArn"]
    found = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    named = {alarm["AlarmDescription"].rsplit(", ", 1)[-1].rstrip("."): alarm for alarm in found}
    assert set(named) == ALARMS
    assert [alarm["AlarmActions"] for alarm in found] == [[topic]] * len(ALARMS)


def check_poison(world: World) -> None:
    """A message that is not an event becomes a dead letter with the same body, and no other message does."""
    sqs, outputs = boto3.client("sqs"), world.deployment.outputs()
    with world.quick_redelivery():
        sqs.send_message(QueueUrl=outputs["QueueUrl"], MessageBody=POISON)
        eventually(lambda: (world.messages("QueueUrl"), world.messages("DeadLetterQueueUrl")), (0, 1))
    (dead,) = sqs.receive_message(QueueUrl=outputs["DeadLetterQueueUrl"])["Messages"]
    assert dead["Body"] == POISON
    assert world.held() == expected_inferences()


def check_change(world: World) -> None:
    """With one route more, the objects below its prefix arrive too, and no inference arrives twice."""
    world.put(EARLY_CAPTURE, capture(csv_side("1,2"), csv_side("0.5"), eventId="early"))
    before = world.deployment.outputs()
    world.deployment.deploy(configurations.second(world.monitor.url))
    assert world.deployment.outputs() == before
    function = boto3.client("lambda").get_function_configuration(FunctionName=before["FunctionName"])
    assert function["MemorySize"] == configurations.SECOND_MEMORY_SIZE_MB
    for key, content in sample_captures():
        world.put(key, content)
    world.put(NEW_CAPTURE, capture_of(SOURCE))
    everything = expected_inferences() | as_of_new_model(expected_inferences())
    eventually(world.held, everything)
    eventually(lambda: world.messages("QueueUrl"), 0)
    assert world.times_received() == Counter({1: len(everything)})


def check_backfill(world: World) -> None:
    """Backfill the new route by the stack's queue: captures from before it was there arrive, and no others."""
    before = world.held()
    run(
        "capture-forwarder",
        "backfill",
        "--wait",
        f"s3://{BUCKET}/{NEW_PREFIX}",
        "--config",
        world.deployment.config,
    )
    early = {"feature_0": 1.0, "feature_1": 2.0, "prediction_0": 0.5}
    assert world.held() == before | {(NEW_MODEL, "early"): early}
    assert world.times_received() == Counter({1: len(before) + 1})


def capture_of(endpoint: str) -> bytes:
    """Return the content of the one sample object of an endpoint."""
    ((_, content),) = (each for each in sample_captures() if each[0].startswith(f"datacapture/{endpoint}/"))
    return content


def as_of_new_model(held: Held) -> Held:
    """Return the inferences of the new route from the same capture."""
    return {(NEW_MODEL, name): data for (model, name), data in held.items() if model == SOURCE}


def check_end(world: World) -> None:
    """Queues, quarantine and progress stay when the stack is destroyed, and all else goes."""
    outputs, quarantined = world.deployment.outputs(), world.quarantined()
    world.deployment.destroy()
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    kept = s3.list_objects_v2(Bucket=outputs["QuarantineBucket"], Prefix="rejected/")["KeyCount"]
    assert 0 < kept <= quarantined.total()
    assert dynamodb.scan(TableName=outputs["ProgressTable"])["Count"] >= len(list(sample_captures()))
    queues = set(boto3.client("sqs").list_queues()["QueueUrls"])
    assert queues >= {outputs[name] for name in ("QueueUrl", "BackfillQueueUrl", "DeadLetterQueueUrl")}
    assert boto3.client("lambda").list_functions()["Functions"] == []
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert boto3.client("events").list_rules()["Rules"] == []
