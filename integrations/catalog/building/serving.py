"""Endpoints, their variants and inference components: a flow an endpoint, a job a variant.

A job for a whole endpoint would invent edges: from one variant's model to another variant's captures.
"""

from collections.abc import Iterator

from msgspec import Struct

from integrations.catalog.building import keys
from integrations.catalog.building.parts import Parts, console_url, extended, shown, tags_of
from integrations.catalog.nodes import Edge, EdgeKind, Key, Node, Subtype
from integrations.catalog.options import Options
from integrations.catalog.values import Endpoint, Estate, InferenceComponent, Variant


class Serving(Struct, frozen=True, kw_only=True):
    """A variant of an endpoint; `settings` is its part of the endpoint's configuration, with the model."""

    endpoint: Endpoint
    name: str
    is_shadow: bool
    current: Variant | None = None
    settings: Variant | None = None

    @property
    def key(self) -> Key:
        """The key of the variant's job."""
        return keys.variant(self.endpoint.endpoint_name, self.name)

    @property
    def model_name(self) -> str:
        """The model, empty if the configuration cannot be read or inference components bring the models."""
        return self.settings.model_name if self.settings else ""


class Component(Struct, frozen=True):
    """An inference component, and the models that it runs."""

    value: InferenceComponent
    models: tuple[str, ...]


def servings(estate: Estate) -> Iterator[Serving]:
    """Yield the variants of every endpoint; those of the configuration while the endpoint has none, as it is made."""
    for endpoint in estate.endpoints:
        config = estate.configs.get(endpoint.endpoint_config_name)
        production = config.production_variants if config else ()
        shadow = config.shadow_production_variants if config else ()
        is_made = bool(endpoint.production_variants)
        yield from _merged(endpoint, endpoint.production_variants, production, is_made=is_made, is_shadow=False)
        yield from _merged(endpoint, endpoint.shadow_production_variants, shadow, is_made=is_made, is_shadow=True)


def _merged(
    endpoint: Endpoint, current: tuple[Variant, ...], configured: tuple[Variant, ...], *, is_made: bool, is_shadow: bool
) -> Iterator[Serving]:
    now = {each.variant_name: each for each in current}
    settings = {each.variant_name: each for each in configured}
    for name in now if is_made else settings:
        yield Serving(
            endpoint=endpoint, name=name, is_shadow=is_shadow, current=now.get(name), settings=settings.get(name)
        )


def components_of(estate: Estate) -> dict[Key, list[Component]]:
    """Return the inference components of every variant, by the key of the variant's job."""
    by_name = {each.inference_component_name: each for each in estate.components}
    found: dict[Key, list[Component]] = {}
    for each in estate.components:
        key = keys.variant(each.endpoint_name, each.variant_name)
        found.setdefault(key, []).append(Component(each, _models_of(each, by_name)))
    return found


def _models_of(component: InferenceComponent, by_name: dict[str, InferenceComponent]) -> tuple[str, ...]:
    """Return the models of a component: its own, else those of the component that it adapts."""
    seen: set[str] = set()
    following: InferenceComponent | None = component
    while following and following.inference_component_name not in seen:
        seen.add(following.inference_component_name)
        parts = [each for each in (following.specification, *following.specifications) if each]
        if models := [each.model_name for each in parts if each.model_name]:
            return tuple(dict.fromkeys(models))
        bases = [each.base_inference_component_name for each in parts if each.base_inference_component_name]
        following = by_name.get(bases[0]) if bases else None
    return ()


def endpoints(estate: Estate, options: Options) -> Parts:
    """Yield the deployment and the flow of every endpoint."""
    for each in estate.endpoints:
        if options.extract_models:
            name = each.endpoint_name
            yield extended(estate, keys.endpoint(name), each.endpoint_arn, name)
        if options.extract_endpoints:
            yield _flow(each, estate)


def _flow(endpoint: Endpoint, estate: Estate) -> Node:
    return Node(
        key=keys.endpoint_flow(endpoint.endpoint_name),
        label=endpoint.endpoint_name,
        subtype=Subtype.ENDPOINT,
        url=console_url(endpoint.endpoint_arn, f"endpoints/{endpoint.endpoint_name}"),
        created=endpoint.creation_time,
        properties=shown(
            {
                "EndpointArn": endpoint.endpoint_arn,
                "EndpointStatus": endpoint.endpoint_status,
                "EndpointConfigName": endpoint.endpoint_config_name,
            }
        ),
        tags=tags_of(estate, endpoint.endpoint_arn),
    )


def variants(estate: Estate) -> Parts:
    """Yield the job of every variant and component, and the edges of their models."""
    components = components_of(estate)
    for serving in servings(estate):
        own = components.get(serving.key, [])
        yield _variant(serving, own)
        if serving.model_name:
            yield Edge(keys.model(serving.model_name), serving.key, EdgeKind.SERVED_BY)
        for component in own:
            yield from _component(component.value, component.models, serving, estate)


def _variant(serving: Serving, components: list[Component]) -> Node:
    current = serving.current or Variant(variant_name=serving.name)
    settings = serving.settings or Variant(variant_name=serving.name)
    return Node(
        key=serving.key,
        label=serving.name,
        subtype=Subtype.SHADOW_VARIANT if serving.is_shadow else Subtype.VARIANT,
        url=console_url(serving.endpoint.endpoint_arn, f"endpoints/{serving.endpoint.endpoint_name}"),
        properties=shown(
            {
                "EndpointName": serving.endpoint.endpoint_name,
                "ModelName": serving.model_name,
                "InferenceComponents": tuple(each.value.inference_component_name for each in components),
                "InstanceType": settings.instance_type,
                "Weight": _first(current.current_weight, settings.initial_variant_weight),
                "InstanceCount": _first(current.current_instance_count, settings.initial_instance_count),
            }
        ),
    )


def _component(component: InferenceComponent, models: tuple[str, ...], serving: Serving, estate: Estate) -> Parts:
    key = keys.component(component.endpoint_name, component.inference_component_name)
    yield Node(
        key=key,
        label=component.inference_component_name,
        subtype=Subtype.COMPONENT,
        url=console_url(component.inference_component_arn, f"endpoints/{component.endpoint_name}"),
        created=component.creation_time,
        properties=shown(
            {
                "InferenceComponentArn": component.inference_component_arn,
                "InferenceComponentStatus": component.inference_component_status,
                "VariantName": component.variant_name,
                "ModelName": models,
            }
        ),
        tags=tags_of(estate, component.inference_component_arn),
    )
    yield Edge(key, serving.key, EdgeKind.PRECEDES)
    for name in models:
        yield Edge(keys.model(name), key, EdgeKind.SERVED_BY)
        yield Edge(keys.model(name), serving.key, EdgeKind.SERVED_BY)


def _first(*values: float | None) -> float | None:
    return next((each for each in values if each is not None), None)
