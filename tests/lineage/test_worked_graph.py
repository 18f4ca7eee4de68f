"""The worked graph: SageMaker's own entities, and `register` beside them, through the real client."""

import time

import pytest

from integrations.lineage.graph import Direction, Edge, Graph
from integrations.lineage.ports import LinksListed
from integrations.lineage.registering.routes import register, unregister
from integrations.lineage.walking.querying import Options, query
from tests.lineage.deployed import CONFIG, world
from tests.lineage.registered import configured
from tests.lineage_fake.modes import EdgePages, Modes, Tokens, Updates
from tests.lineage_fake.plugin import Fake

MODES = {
    "as documented": Modes(),
    "other pages": Modes(tokens=Tokens.OFFSET, edge_pages=EdgePages.ALONE, empty_pages=True, updates=Updates.MERGE),
    "refused cycles": Modes(refuse_cycles=True),
}


def of_type(graph: Graph, type_: str) -> str:
    """Return the ARN of the one vertex of a type."""
    (found,) = (vertex.arn for vertex in graph.vertices if vertex.type == type_)
    return found


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_the_training_data_reaches_the_monitored_model_in_eight_hops(modes: Modes) -> None:
    """One query down from it: not with a depth of 7. The package is associated with the model at the monitor."""
    with world(modes) as (_, made, api):
        (outcome,) = register(api, configured(CONFIG))
        assert outcome.problems == ()
        down = query(api, [made.data], Options(direction=Direction.DOWN, depth=8), time.monotonic)
        monitored = of_type(down, "MonitoredModel")
        forwarding = of_type(down, "DataCaptureForwarding")
        (captures,) = (edge.source for edge in down.edges if edge.destination == forwarding)
        path = [
            (made.training, made.model),
            (made.model, made.package),
            (made.package, made.deployment),
            (made.deployment, made.endpoint),
            (made.endpoint, captures),
            (captures, forwarding),
            (forwarding, monitored),
        ]
        assert {(made.data, made.training), *path} <= {(edge.source, edge.destination) for edge in down.edges}
        assert Edge(made.package, monitored, "AssociatedWith") in down.edges
        # The model has a shorter way, over the package. Without it the eighth hop is the last.
        api.unlink(made.package, monitored)
        seven = query(api, [made.data], Options(direction=Direction.DOWN, depth=7), time.monotonic)
        assert forwarding in {vertex.arn for vertex in seven.vertices}
        assert monitored not in {vertex.arn for vertex in seven.vertices}
        eight = query(api, [made.data], Options(direction=Direction.DOWN, depth=8), time.monotonic)
        assert of_type(eight, "MonitoredModel") == monitored


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_the_monitored_model_leads_up_to_its_training_data(modes: Modes) -> None:
    """And to the job, the package and the endpoint."""
    with world(modes) as (_, made, api):
        list(register(api, configured(CONFIG)))
        down = query(api, [made.data], Options(direction=Direction.DOWN), time.monotonic)
        up = query(api, [of_type(down, "MonitoredModel")], Options(direction=Direction.UP), time.monotonic)
        assert {made.data, made.validation, made.training, made.package, made.endpoint} <= {
            one.arn for one in up.vertices
        }


def count(fake: Fake) -> tuple[int, int]:
    """Return the numbers of reads and of writes; DescribeEndpoint is moto's own, and one more read."""
    reads = sum(number for name, number in fake.counts.items() if name.startswith(("Describe", "List", "Query")))
    return reads + 1, fake.counts.total() - reads


@pytest.mark.parametrize("models", [1, 2])
def test_a_second_register_makes_no_write_and_at_most_twelve_reads(models: int) -> None:
    """The calls as SageMaker counts them, each page one. Of an archive and a package it must read both."""
    with world() as (fake, made, api):
        if models > 1:
            api.link(Edge(made.model, made.deployment))
            fake.calls.clear()
        list(register(api, configured(CONFIG)))
        assert count(fake)[1] == 7
        fake.calls.clear()
        list(register(api, configured(CONFIG)))
        reads, writes = count(fake)
        assert writes == 0
        assert reads <= 12


def test_register_after_unregister_keeps_all_properties() -> None:
    """An update may overwrite the properties, or merge them."""
    for updates in Updates:
        with world(Modes(updates=updates)) as (_, _, api):
            list(register(api, configured(CONFIG)))
            assert [str(step) for step in unregister(api, configured(CONFIG)).steps]
            (outcome,) = register(api, configured(CONFIG))
            assert len(outcome.steps) == 1
            assert next(register(api, configured(CONFIG))).steps == ()


@pytest.mark.parametrize("modes", [Modes(hidden_for_calls=3), Modes(throttle_every=3)], ids=["late", "throttled"])
def test_late_visibility_and_throttling_are_waited_for(modes: Modes) -> None:
    """The client retries; the run needs no help."""
    with world(modes) as (_, _, api):
        for _ in range(10 * modes.hidden_for_calls):
            list(api.links(LinksListed()))  # until SageMaker's own entities are visible
        (outcome,) = register(api, configured(CONFIG))
        assert outcome.problems == ()
