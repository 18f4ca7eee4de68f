"""Answers of Describe as values."""

from typing import Any, TypeVar

import jmespath
import msgspec

from integrations.catalog.values import Document, Job, JobKind

Value = TypeVar("Value")

# Where the description of a job has the addresses that it reads.
_INPUTS = {
    JobKind.AUTO_ML: "[AutoMLJobInputDataConfig[].DataSource.S3DataSource.S3Uri][]",
    JobKind.COMPILATION: "[InputConfig.S3Uri]",
    JobKind.HYPER_PARAMETER_TUNING: "[]",
    JobKind.LABELING: "[InputConfig.DataSource.S3DataSource.ManifestS3Uri, LabelCategoryConfigS3Uri]",
    JobKind.PROCESSING: "[ProcessingInputs[].S3Input.S3Uri][]",
    JobKind.TRAINING: "[InputDataConfig[].DataSource.S3DataSource.S3Uri][]",
    JobKind.TRANSFORM: "[TransformInput.DataSource.S3DataSource.S3Uri]",
}


class Malformed(Exception):
    """An answer lacks a field that it must have, or has one of another type."""


def decoded(document: Document, kind: type[Value]) -> Value:
    """Return an answer as a value. Raises `Malformed`, whose message names the field."""
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def job(kind: JobKind, document: Document, name_key: str, arn_key: str) -> Job:
    """Return the description of a job as a value. Raises `Malformed`."""
    name, arn = document.get(name_key), document.get(arn_key)
    if not isinstance(name, str) or not isinstance(arn, str):
        raise Malformed(f"Object missing required field `{name_key}` or `{arn_key}`")
    return Job(
        kind=kind,
        name=name,
        arn=arn,
        inputs=tuple(each for each in _found(kind, document) if isinstance(each, str)),
    )


def _found(kind: JobKind, document: Document) -> list[Any]:
    found = jmespath.search(_INPUTS[kind], document)
    return found if isinstance(found, list) else []
