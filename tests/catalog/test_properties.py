"""Random estates never raise, never lead to a missing entity, and never link a model by its image alone."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from capture_forwarder.configuration.reader import parse_settings
from integrations.catalog.building import keys
from integrations.catalog.building.catalog import build
from integrations.catalog.nodes import S3, EdgeKind, Entity, Graph
from integrations.catalog.options import Options
from integrations.catalog.reader import Reading, read
from integrations.catalog.values import Container, Deployed, Estate, Grouped, Model
from tests.catalog.graphs import ROUTE, route
from tests.catalog.random_estates import NAMES, URIS, InMemory, tables
from tests.catalog.table import Table

SETTINGS = parse_settings(ROUTE + route("all", "captures/", "m0") + route("a", "captures/a/", "m1"))
IMAGE = "one-image"  # every container runs it
SWITCHES = [name for name in Options.__struct_fields__ if name.startswith("extract_")]
OPTIONS = st.dictionaries(st.sampled_from(SWITCHES), st.booleans(), max_size=4).map(
    lambda each: replace(Options(), **each)
)
LINEAGE = st.lists(st.tuples(NAMES, st.one_of(URIS, st.just(IMAGE))), max_size=4)


def reading_of(table: Table, options: Options) -> Reading:
    """Read a random account, one call after the other."""
    return read(InMemory(table), replace(options, max_workers=1), sleep=lambda _: None)


def with_lineage(estate: Estate, pairs: list[tuple[str, str]]) -> Estate:
    """Return the estate as if SageMaker's lineage named these addresses, even an image for an address of data."""
    start = "arn:aws:sagemaker:eu-west-1:123456789012"
    deployed = tuple(Deployed(f"{start}:endpoint/{name}", uri) for name, uri in pairs)
    grouped = tuple(Grouped(f"{start}:model-package-group/{name}", uri) for name, uri in pairs)
    return replace(estate, deployed=deployed, grouped=grouped)


@given(table=tables(), options=OPTIONS, lineage=LINEAGE)
def test_every_edge_leads_to_an_entity(table: Table, options: Options, lineage: list[tuple[str, str]]) -> None:
    estate = with_lineage(reading_of(table, options).estate, lineage)
    graph = build(estate, options, SETTINGS)
    known = {node.key for node in graph.nodes}
    for edge in graph.edges:
        assert {key for key in (edge.source, edge.target) if key.platform != S3} <= known
    assert len(known) == len(graph.nodes)
    assert len(set(graph.edges)) == len(graph.edges)
    jobs = {node.key for node in graph.nodes if node.key.entity is Entity.DATA_JOB and not node.extends}
    assert {key.flow_key for key in jobs} <= known


@given(table=tables(), lineage=LINEAGE)
def test_a_model_is_linked_by_name_or_data_and_never_by_its_image(table: Table, lineage: list[tuple[str, str]]) -> None:
    estate = with_lineage(reading_of(table, Options()).estate, lineage)
    assert links(build(estate, Options())) <= allowed(estate)


def links(graph: Graph) -> set[tuple[str, str]]:
    """Return every model with every endpoint that it leads to, as a deployment or by a job of its flow."""
    found = set()
    for edge in graph.edges:
        if edge.kind in (EdgeKind.SERVED_BY, EdgeKind.DEPLOYED_ON):
            found.add((edge.source.name, edge.target.flow.removeprefix("endpoint:") or edge.target.name))
    return found


def allowed(estate: Estate) -> set[tuple[str, str]]:
    """Return every model with every endpoint that names it, or whose data SageMaker's lineage names."""
    found = set()
    for endpoint in estate.endpoints:
        config = estate.configs.get(endpoint.endpoint_config_name)
        both = (*config.production_variants, *config.shadow_production_variants) if config else ()
        found |= {(variant.model_name, endpoint.endpoint_name) for variant in both}
    bases = {name for each in estate.components for name in specified(each)}
    found |= {(name, each.endpoint_name) for name in bases for each in estate.components}
    names = {each.endpoint_arn: each.endpoint_name for each in estate.endpoints}
    for deployed in estate.deployed:
        found |= {
            (model.model_name, names.get(deployed.endpoint_arn, ""))
            for model in estate.models
            if deployed.model_data_uri in addresses(model)
        }
    return found


def specified(component: object) -> set[str]:
    """Return the models that a component names."""
    parts = (component.specification, *component.specifications)  # type: ignore[attr-defined]
    return {each.model_name for each in parts if each}


def addresses(model: Model) -> set[str]:
    """Return the addresses of the data of a model."""
    containers: list[Container] = [each for each in (model.primary_container, *model.containers) if each]
    sources = [each.model_data_source.s3_data_source for each in containers if each.model_data_source]
    return {each.model_data_url for each in containers} | {each.s3_uri for each in sources if each}


@given(table=tables())
def test_two_runs_are_equal(table: Table) -> None:
    first, second = (reading_of(table, Options()) for _ in range(2))
    assert first == second
    assert build(first.estate, Options(), SETTINGS) == build(second.estate, Options(), SETTINGS)
    assert msgspec.json.encode(build(first.estate, Options(), SETTINGS))


@given(table=tables())
def test_every_entity_of_the_table_is_read_or_reported(table: Table) -> None:
    reading = reading_of(table, Options())
    places = {problem.place for problem in reading.problems}
    for name in table.entities.get("Model", {}):
        assert name in places or name in {each.model_name for each in reading.estate.models}
    models = [node for node in build(reading.estate, Options()).nodes if node.key == keys.model("a")]
    assert len(models) == len([each for each in reading.estate.models if each.model_name == "a"])
