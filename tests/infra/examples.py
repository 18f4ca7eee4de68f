"""The configurations of the template tests, and lookups in templates."""

from pathlib import Path
from typing import Any

EXAMPLES = {path.stem: path for path in sorted(Path("examples").glob("*.toml"))}
DEFAULT = Path("forwarder.toml")
EVERYTHING = Path("tests/infra/everything.toml")
BACKFILL_QUEUE = "CapturesBackfill6D69CBDC"
STATEFUL = {
    BACKFILL_QUEUE: "AWS::SQS::Queue",
    "CapturesDeadLetters4630FE82": "AWS::SQS::Queue",
    "CapturesQueue73712E55": "AWS::SQS::Queue",
    "ProgressTable131AA68D": "AWS::DynamoDB::Table",
    "QuarantineBucket2B128B57": "AWS::S3::Bucket",
}


def resources(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the resources of one type, `SQS::Queue` for `AWS::SQS::Queue`, by logical id."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] == f"AWS::{kind}"}


def properties(template: dict[str, Any], kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the properties of the one resource of a type whose logical id begins with `prefix`."""
    (found,) = (each for name, each in resources(template, kind).items() if name.startswith(prefix))
    values: dict[str, Any] = found.get("Properties", {})
    return values
