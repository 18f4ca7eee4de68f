"""For the tests of lineage: botocore reads its files once, and not for every command that a test runs."""

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Share the loader, which keeps what it read. A process makes one session; these tests make hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield
