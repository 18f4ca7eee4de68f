"""For the tests of lineage: a store in memory, and botocore, which reads its files once."""

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest

from integrations.lineage import Lineage
from tests.lineage.in_memory import InMemory


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Share the loader, which keeps what it read. A process makes one session; these tests make hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture
def store() -> InMemory:
    """Return an empty store."""
    return InMemory()


@pytest.fixture
def lineage(store: InMemory) -> Lineage:
    """Return the lineage of the store."""
    return Lineage(store=store)
