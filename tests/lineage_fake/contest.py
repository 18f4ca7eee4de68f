"""The questions of the head-to-head comparison with SageMaker's SDK: one store, and the answers of both sides."""

from typing import Any

from msgspec import Struct

from tests.lineage_fake.automatic import Deployed, put_deployed
from tests.lineage_fake.graphs import put_long, put_wide
from tests.lineage_fake.modes import Modes, Tokens
from tests.lineage_fake.store import Store

MODES = Modes(tokens=Tokens.OFFSET)
"""On offset tokens, a client that deletes while it pages skips entries."""
WIDE, LONG, EDGES = 121, 26, 25


class Subjects(Struct, frozen=True):
    """The ARNs that the questions are about."""

    wide: str
    long: str
    deleted: str
    """An artifact with 25 associations."""
    deployed: Deployed

    @property
    def starts(self) -> list[str]:
        """The two starts of one query."""
        return [self.wide, self.long]


def prepare(client: Any, store: Store) -> Subjects:
    """Fill the store."""
    client.create_model_package_group(ModelPackageGroupName="churn")
    client.create_model_package(ModelPackageGroupName="churn", ModelApprovalStatus="Approved")
    return Subjects(
        put_wide(store, WIDE), put_long(store, LONG), put_wide(store, EDGES + 1), put_deployed(store, version=1)
    )


SDK: dict[str, object] = {
    "wide": 50,
    "long": "error",
    "two starts": "error",
    "models of an endpoint": 0,
    "models of a data set": 0,
    "package of an approval": "error",
    "edges left on delete": 10,
}
"""The answers of sagemaker-core 2.27.0."""


def ours(subjects: Subjects) -> dict[str, object]:
    """Return the true answers."""
    return {
        "wide": WIDE,
        "long": LONG,
        "two starts": WIDE + LONG,
        "models of an endpoint": 2,
        "models of a data set": 2,
        "package of an approval": subjects.deployed.package_arn,
        "edges left on delete": 0,
    }
