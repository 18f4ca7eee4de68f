"""The state machine of backfills: what it lists, batches, calls and writes, and what its role may do."""

import json
import os
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from capture_forwarder.configuration.stack import BackfillSettings, StackSettings
from infra.constructs.backfill import Backfill

DEFINITION = Path(__file__).with_name("backfill_definition.json")
PLACE = "<AWS::Region>:<AWS::AccountId>"  # where the stack will be
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0b0b0b0b-1111-2222-3333-444444444444"
LOG_KEY = "arn:aws:kms:eu-west-1:123456789012:key/0c0c0c0c-1111-2222-3333-444444444444"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:forward"
SETTINGS = StackSettings(
    timeout_secs=120,
    log_retention_days=30,
    backfill=BackfillSettings(max_concurrency=7, items_per_batch=3, tolerated_failure_percentage=5),
)


@pytest.fixture(scope="module")
def template() -> assertions.Template:
    """Synthesise the construct in a stack of its own, beside what it is given."""
    stack = cdk.Stack(cdk.App(), "Test", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    key = kms.Key.from_key_arn(stack, "Key", KEY)
    Backfill(
        stack,
        "Backfill",
        function=lambda_.Function.from_function_attributes(stack, "Function", function_arn=FUNCTION),
        results_bucket=s3.Bucket.from_bucket_attributes(stack, "Results", bucket_name="results", encryption_key=key),
        prefixes={"captures": ["churn/", "a*b/"], "others": [""]},
        settings=SETTINGS,
        key=kms.Key.from_key_arn(stack, "LogKey", LOG_KEY),
    )
    return assertions.Template.from_stack(stack)


def resource(template: assertions.Template, kind: str) -> dict[str, Any]:
    """Return the properties of the one resource of that kind."""
    (found,) = template.find_resources(kind).values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def joined(value: Any) -> Any:
    """Return what CloudFormation would make of joins, with references by name."""
    match value:
        case {"Fn::Join": [separator, [*parts]]}:
            return separator.join(joined(part) for part in parts)
        case {"Ref": str(name)}:
            return "aws" if name == "AWS::Partition" else f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case list():
            return [joined(each) for each in value]
        case dict():
            return {name: joined(each) for name, each in value.items()}
    return value


def definition(template: assertions.Template) -> dict[str, Any]:
    """Return the state machine's definition."""
    text = joined(resource(template, "AWS::StepFunctions::StateMachine")["DefinitionString"])
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_definition_is_the_one_that_backfills_are_tested_with(template: assertions.Template) -> None:
    """The commands' tests run this very definition; UPDATE_SNAPSHOTS=1 writes it anew, for a person to read."""
    found = definition(template)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        DEFINITION.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert json.loads(DEFINITION.read_text(encoding="utf-8")) == found


def test_objects_are_listed_where_the_input_says_and_batched_as_configured(template: assertions.Template) -> None:
    """Bucket and prefix come with the execution, all limits from forwarder.toml."""
    over = definition(template)["States"]["Objects"]
    assert over["ItemReader"] == {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket.$": "$.bucket", "Prefix.$": "$.prefix"},
    }
    assert over["ItemBatcher"] == {"MaxItemsPerBatch": 3, "MaxInputBytesPerBatch": 262_144}
    assert (over["MaxConcurrency"], over["ToleratedFailurePercentage"]) == (7, 5)
    assert over["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert over["ResultWriter"]["Parameters"] == {"Bucket": "results", "Prefix": "backfill"}


def test_a_batch_is_tried_again_unless_it_cannot_be_read(template: assertions.Template) -> None:
    """What is owed is worth waiting for; the function's own timeout ends first."""
    forward = definition(template)["States"]["Objects"]["ItemProcessor"]["States"]["Forward"]
    assert (forward["Resource"], forward["TimeoutSeconds"]) == (FUNCTION, 180)
    never, always = forward["Retry"]
    assert never == {"ErrorEquals": ["EventError"], "MaxAttempts": 0}
    assert (always["ErrorEquals"], always["MaxAttempts"], always["JitterStrategy"]) == (["States.ALL"], 5, "FULL")


def test_it_is_logged_and_traced_without_data(template: assertions.Template) -> None:
    """All events, into a log group of its own that is kept as long as all others, under its key."""
    machine = resource(template, "AWS::StepFunctions::StateMachine")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert resource(template, "AWS::Logs::LogGroup") == {"RetentionInDays": 30, "KmsKeyId": LOG_KEY}


def statements(template: assertions.Template) -> list[dict[str, Any]]:
    """Return everything that the role may do, wherever it is said."""
    (inline,) = resource(template, "AWS::IAM::Role")["Policies"]
    attached = resource(template, "AWS::IAM::Policy")
    found = [*inline["PolicyDocument"]["Statement"], *attached["PolicyDocument"]["Statement"]]
    return [joined(statement) for statement in found]


def test_the_role_may_do_this_and_nothing_else(template: assertions.Template) -> None:
    """Exact resources throughout, but for what has none; captures are listed below the routes' prefixes only."""
    machine = next(iter(template.find_resources("AWS::StepFunctions::StateMachine")))
    allowed = {
        (action, resource): statement.get("Condition")
        for statement in statements(template)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
    }
    without_resource = {action for action, resource in allowed if resource == "*"}
    assert {action.split(":")[0] for action in without_resource} == {"logs", "xray"}
    assert {pair: condition for pair, condition in allowed.items() if pair[1] != "*"} == {
        ("lambda:InvokeFunction", FUNCTION): None,
        **{
            (f"s3:{action}", "arn:aws:s3:::results/backfill/*"): None
            for action in ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")
        },
        ("s3:ListBucket", "arn:aws:s3:::captures"): {"StringLike": {"s3:prefix": ["churn/*", "a${*}b/*"]}},
        ("s3:ListBucket", "arn:aws:s3:::others"): {"StringLike": {"s3:prefix": ["*"]}},
        ("kms:Decrypt", KEY): None,
        ("kms:GenerateDataKey", KEY): None,
        ("states:StartExecution", f"<{machine}>"): None,
        **{
            (f"states:{action}Execution", f"arn:aws:states:{PLACE}:execution:<{machine}.Name>/*"): None
            for action in ("Describe", "Stop")
        },
    }
    assert {statement["Effect"] for statement in statements(template)} == {"Allow"}


def test_the_state_machine_waits_for_what_its_log_needs(template: assertions.Template) -> None:
    """Step Functions checks when it is made that the role may deliver logs."""
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    (role,) = template.find_resources("AWS::IAM::Role")
    assert role in machine["DependsOn"]
