"""Makes entities: one by one through a client, or thousands at once in the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import boto3
from moto import mock_aws

from tests.lineage_fake.modes import Modes
from tests.lineage_fake.plugin import REGION, Fake, lineage_fake
from tests.lineage_fake.records import Association, Entity
from tests.lineage_fake.store import Store

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@cache
def client(region: str = REGION) -> Any:
    """Return a client of SageMaker. It is made once, because that takes longer than most tests."""
    return boto3.client("sagemaker", region_name=region, aws_access_key_id="testing", aws_secret_access_key="testing")


@contextmanager
def faked(modes: Modes | None = None) -> Iterator[tuple[Any, Fake]]:
    """Give a client and the fake that answers it, with an empty store."""
    with mock_aws(), lineage_fake(modes) as fake:
        yield client(), fake


def artifact(uri: str, type_: str = "DataSet", **more: Any) -> str:
    """Create an artifact and return its ARN."""
    arn: str = client().create_artifact(Source={"SourceUri": uri}, ArtifactType=type_, **more)["ArtifactArn"]
    return arn


def action(name: str, type_: str = "ModelDeployment", **more: Any) -> str:
    """Create an action and return its ARN."""
    made = client().create_action(ActionName=name, Source={"SourceUri": f"s3://{name}"}, ActionType=type_, **more)
    return str(made["ActionArn"])


def context(name: str, type_: str = "Endpoint", **more: Any) -> str:
    """Create a context and return its ARN."""
    made = client().create_context(ContextName=name, Source={"SourceUri": f"s3://{name}"}, ContextType=type_, **more)
    return str(made["ContextArn"])


def link(source: str, destination: str, type_: str = "ContributedTo") -> None:
    """Add an association."""
    client().add_association(SourceArn=source, DestinationArn=destination, AssociationType=type_)


def put_artifacts(store: Store, count: int, type_: str = "DataSet") -> list[str]:
    """Put artifacts into the store as SageMaker itself does, without counting against limits. Return their ARNs."""
    arns = []
    for number in range(len(store.entities), len(store.entities) + count):
        entity = Entity(
            kind="Artifact",
            arn=store.arn("artifact", f"{number:032x}"),
            name=f"artifact-{number}",
            type=type_,
            source={"SourceUri": f"s3://bucket/{number}"},
            created=LONG_AGO,
            modified=LONG_AGO,
            number=number,
            automatic=True,
        )
        store.add(entity)
        arns.append(entity.arn)
    return arns


def put_links(store: Store, pairs: list[tuple[str, str]], type_: str | None = "ContributedTo") -> None:
    """Put associations into the store as SageMaker itself does."""
    for number, (source, destination) in enumerate(pairs, store.version):
        store.link(
            Association(
                source=source,
                destination=destination,
                type=type_,
                created=LONG_AGO,
                number=number,
                automatic=True,
            )
        )


def put_wide(store: Store, count: int) -> str:
    """Put an artifact with `count - 1` descendants, and return its ARN."""
    first, *others = put_artifacts(store, count)
    put_links(store, [(first, other) for other in others])
    return first


def put_long(store: Store, count: int) -> str:
    """Put a chain of artifacts, and return the ARN of the first."""
    chain = put_artifacts(store, count)
    put_links(store, list(pairwise(chain)))
    return chain[0]
