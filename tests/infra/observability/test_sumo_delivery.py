"""Delivery to Sumo Logic: the synthesised streams, and records that a sender posts by their properties."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.observability.metric_names import ALLOWED
from integrations.observability.sumo.delivered import NAMESPACES
from tests.infra.conftest import Stacks, Template
from tests.infra.examples import properties, resources
from tests.observability.sumo.firehose import Sender, Stream, control_record, log_record
from tests.observability.sumo.metric_records import Point, metric_record, streamed
from tests.observability.sumo.receiver import TOKEN, Receiver, receiving

CONFIG = Path("tests/infra/observability/sumo.toml")
PARAMETERS = {"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}
ATTRIBUTES = {"account": "prod", "region": "eu-west-1", "accountid": "123456789012"}
GROUP, STREAM = "/aws/sagemaker/Endpoints/prophet-energy-forecast-v1", "AllTraffic/i-0207927cfb9d6b24f"
LINE = '2025-12-30 14:46:36,619 [ERROR ] pool-1-thread-5 ACCESS_LOG - /45.129.199.204:49506 "GET /ping HTTP/1.1" 200 0'


@pytest.fixture
def template(stacks: Stacks) -> Template:
    """Return the second stack with every option of delivery."""
    return stacks.template(CONFIG, "Observability")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Serve a source."""
    with receiving() as served:
        yield served


def stream(template: Template, name: str) -> dict[str, Any]:
    """Return the properties of the stream of metrics or of logs."""
    return properties(template, "KinesisFirehose::DeliveryStream", f"Sumo{name}")


def sender(template: Template, name: str, url: str, **options: Any) -> Sender:
    """Return a sender of a synthesised stream."""
    return Sender(Stream.of_template(stream(template, name), url, PARAMETERS), **options)


def test_a_url_is_a_dynamic_reference(template: Template) -> None:
    """CloudFormation reads the secret; the template holds only its name."""
    urls = {
        name: stream(template, name)["HttpEndpointDestinationConfiguration"]["EndpointConfiguration"]["Url"]
        for name in ("Metrics", "Logs")
    }
    assert urls == {
        "Metrics": "{{resolve:secretsmanager:sumo/urls:SecretString:metrics::}}",
        "Logs": "{{resolve:secretsmanager:sumo/urls:SecretString:logs::}}",
    }
    assert "resolve:" not in json.dumps(template.get("Outputs", {}))
    assert "https://" not in json.dumps(resources(template, "KinesisFirehose::DeliveryStream"))


def test_no_stream_writes_an_error_log(template: Template) -> None:
    """Each line of it would name the URL, and with it the token."""
    assert "CloudWatchLoggingOptions" not in json.dumps(template["Resources"])


def test_failed_records_are_encrypted_and_expire(template: Template) -> None:
    """The bucket outlives the stack and its records do not."""
    (found,) = (each for name, each in resources(template, "S3::Bucket").items() if name.startswith("SumoFailed"))
    bucket = found["Properties"]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert {"ExpirationInDays": 14, "Id": "failed", "Status": "Enabled"} in bucket["LifecycleConfiguration"]["Rules"]
    assert found["DeletionPolicy"] == "RetainExceptOnCreate"


def test_roles_have_the_least_permissions(template: Template) -> None:
    """Each writer may put records into its stream, each stream writes below its folder, and no other right is given."""
    policies = {
        name: [
            (each["Sid"], each["Action"], json.dumps(each["Resource"]))
            for each in policy["Properties"]["PolicyDocument"]["Statement"]
        ]
        for name, policy in resources(template, "IAM::ManagedPolicy").items()
        if name.startswith("Sumo")
    }
    assert len(policies) == 4
    for name, statements in policies.items():
        kind = "Metrics" if "Metrics" in name else "Logs"
        if "Writer" in name:
            ((_, actions, resource),) = statements
            assert actions == ["firehose:PutRecord", "firehose:PutRecordBatch"]
            assert f"Sumo{kind}Stream" in resource
        else:
            assert [sid for sid, _, _ in statements] == ["WriteFailed", "FindBucket"]
            assert f"/{kind.lower()}/*" in statements[0][2]
            assert "*" not in statements[1][2]


def test_the_metric_stream_names_namespaces_and_metrics(template: Template) -> None:
    """A stream of all metrics would bill those of every service. Names have the case of CloudWatch."""
    made = properties(template, "CloudWatch::MetricStream")
    assert made["OutputFormat"] == "opentelemetry1.0"
    assert [each["Namespace"] for each in made["IncludeFilters"]] == list(NAMESPACES)
    named = {(each["Namespace"], name) for each in made["IncludeFilters"] for name in each["MetricNames"]}
    assert named == {key for key in ALLOWED if key[0] in NAMESPACES}
    assert "ExcludeFilters" not in made


def test_each_chosen_group_has_a_subscription(template: Template) -> None:
    """Two variants of an endpoint have one group."""
    made = resources(template, "Logs::SubscriptionFilter").values()
    assert [each["Properties"]["LogGroupName"] for each in made] == [
        "/aws/sagemaker/Endpoints/churn",
        "/aws/sagemaker/Endpoints/fraud",
        "/aws/sagemaker/TrainingJobs",
        "/aws/sagemaker/ProcessingJobs",
    ]
    assert {each["Properties"]["FilterPattern"] for each in made} == {""}


def test_metrics_arrive_with_the_attributes(template: Template, receiver: Receiver) -> None:
    """Those of SageMaker do, and those of other services are not sent."""
    variant = (("EndpointName", "churn"), ("VariantName", "AllTraffic"))
    ours = Point("AWS/SageMaker", "ModelLatency", variant, 900.0, 4100.0, 5000.0, 2)
    theirs = [
        Point("AWS/EC2", "CPUUtilization", (), 1.0, 1.0, 1.0, 1),
        Point("AWS/Sagemaker", "ModelLatency", variant, 1.0, 1.0, 1.0, 1),
    ]
    filters = properties(template, "CloudWatch::MetricStream")["IncludeFilters"]
    made = sender(template, "Metrics", receiver.url)
    assert made.send([metric_record(streamed([ours, *theirs], filters)), metric_record([ours] * 40)])
    assert receiver.points == [ours] * 41
    (headers,) = receiver.headers
    assert json.loads(headers["x-amz-firehose-common-attributes"]) == {"commonAttributes": ATTRIBUTES}
    assert headers["content-encoding"] == "gzip"
    assert headers["content-type"] == "application/json"
    assert headers["x-amz-firehose-protocol-version"] == "1.0"
    assert headers["x-amz-firehose-access-key"] == ""
    assert headers["x-amz-firehose-request-id"] == receiver.bodies[0]["requestId"]
    assert made.backup == {}


def test_logs_arrive_after_the_control_message(template: Template, receiver: Receiver) -> None:
    """CloudWatch Logs sends it first; it is acknowledged and is no log event."""
    made = sender(template, "Logs", receiver.url)
    assert made.send([control_record()])
    assert made.send([log_record(GROUP, STREAM, [{"id": "1", "timestamp": 1767086196619, "message": LINE}])])
    assert (receiver.control_messages, receiver.logs) == (1, [(GROUP, STREAM, LINE)])


def test_an_access_key_is_sent(template: Template, receiver: Receiver) -> None:
    """The sender follows the contract; our streams have none, because the URL holds the token."""
    found = json.loads(json.dumps(stream(template, "Logs")))
    found["HttpEndpointDestinationConfiguration"]["EndpointConfiguration"]["AccessKey"] = "key"
    assert Sender(Stream.of_template(found, receiver.url, PARAMETERS)).send([control_record()])
    assert receiver.headers[0]["x-amz-firehose-access-key"] == "key"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (500, "HttpEndpoint.DestinationException"),
        (202, "HttpEndpoint.DestinationException"),
        ("wrong id", "HttpEndpoint.ResponseFromDestinationIsInvalid"),
        ("no json", "HttpEndpoint.ResponseFromDestinationIsInvalid"),
        ("late", "HttpEndpoint.RequestTimeout"),
    ],
)
def test_a_refused_record_is_in_the_backup(
    template: Template, receiver: Receiver, answer: int | str, code: str
) -> None:
    """After the last attempt; each attempt has the same request id. The object names the reason and no URL."""
    receiver.answers = [answer, answer]
    made = sender(template, "Logs", receiver.url, timeout_secs=0.5)
    record = log_record(GROUP, STREAM, [{"id": "1", "timestamp": 1, "message": LINE}])
    assert not made.send([record])
    ((key, failed),) = made.backup.items()
    assert key.startswith("logs/http-endpoint-failed/")
    assert [each["errorCode"] for each in failed] == [code]
    assert TOKEN not in json.dumps(made.backup)
    assert receiver.logs == []


def test_a_record_is_taken_by_the_second_attempt(template: Template, receiver: Receiver) -> None:
    """A passing failure loses no record and leaves none in the backup."""
    receiver.answers = [503]
    made = sender(template, "Metrics", receiver.url)
    assert made.send([metric_record([Point("AWS/SageMaker", "Invocations", (), 1.0, 1.0, 3.0, 3)])])
    assert (len(receiver.points), made.backup) == (1, {})


def test_a_wrong_token_is_refused(template: Template, receiver: Receiver) -> None:
    """The path of the URL is the only key."""
    assert not sender(template, "Logs", receiver.url[:-1]).send([control_record()])
