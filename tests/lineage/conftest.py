"""For the tests of lineage: a store in memory, and parts of libraries that are made once."""

from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from typer.main import get_command

from integrations.lineage import Lineage
from tests.lineage.in_memory import InMemory


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """Share the loader of botocore, which keeps the files that it read, and the command line that typer makes.

    A process makes them once; these tests run hundreds of commands.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        patch.setattr("typer.testing._get_command", cache(get_command))
        patch.setenv("COLUMNS", "1000")  # every table is a box
        yield


@pytest.fixture
def store() -> InMemory:
    """Return an empty store."""
    return InMemory()


@pytest.fixture
def lineage(store: InMemory) -> Lineage:
    """Return the lineage of the store."""
    return Lineage(store=store)
