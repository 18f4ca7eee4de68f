"""Every resource that `docs/observability.md` names is in the template with every option."""

from capture_forwarder.configuration.reader import read_settings
from docs.observability import EVERYTHING
from integrations.observability.page.rows import rows
from tests.docs.test_observability_page import COMMANDS
from tests.infra.conftest import Stacks


def test_every_named_resource_exists(stacks: Stacks) -> None:
    """A resource is named by the beginning of its logical id. Every item has one, or a command."""
    made = stacks.template(EVERYTHING, "Observability")["Resources"]
    for row in rows(read_settings(EVERYTHING), "eu-west-1"):
        assert row.resources, row.item
        for resource in set(row.resources) - COMMANDS:
            assert any(name.startswith(resource) for name in made), (row.item.id, resource)
