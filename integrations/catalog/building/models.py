"""Models: their endpoints, groups and packages. An image never links two entities."""

from collections.abc import Iterator

from integrations.catalog.building import keys
from integrations.catalog.building.parts import Part, Parts, extended, owners_of, shown, tags_of
from integrations.catalog.building.serving import components_of, servings
from integrations.catalog.nodes import Edge, EdgeKind, Key, Node, Subtype
from integrations.catalog.values import Container, Estate, Model, ModelPackage


def models(estate: Estate) -> Parts:
    """Yield models and groups, with the edges to their endpoints, groups and packages."""
    for model in estate.models:
        yield extended(estate, keys.model(model.model_name), model.model_arn, model.model_name)
    for group in estate.groups:
        name = group.model_package_group_name
        owners = owners_of(group.created_by)
        yield extended(estate, keys.group(name), group.model_package_group_arn, name, owners)
    yield from _deployments(estate)
    yield from _by_data(estate)
    yield from _by_package(estate)


def _deployments(estate: Estate) -> Iterator[Part]:
    components = components_of(estate)
    for serving in servings(estate):
        own = [name for each in components.get(serving.key, []) for name in each.models]
        for name in (serving.model_name, *own):
            if name:
                yield Edge(keys.model(name), keys.endpoint(serving.endpoint.endpoint_name), EdgeKind.DEPLOYED_ON)


def _by_data(estate: Estate) -> Iterator[Part]:
    """Yield the edges that SageMaker's lineage gives by the addresses of model data.

    Only an endpoint with one variant has an edge to it: the lineage does not name the variant that serves a model.
    """
    by_uri: dict[str, list[Key]] = {}
    for model in estate.models:
        for uri in dict.fromkeys(uri for each in _containers(model) for uri in _data_uris(each)):
            by_uri.setdefault(uri, []).append(keys.model(model.model_name))
    variants: dict[str, list[Key]] = {}
    for serving in servings(estate):
        variants.setdefault(serving.endpoint.endpoint_arn, []).append(serving.key)
    names = {each.endpoint_arn: each.endpoint_name for each in estate.endpoints}
    for deployed in estate.deployed:
        for model_key in by_uri.get(deployed.model_data_uri, ()):
            if deployed.endpoint_arn in names:
                yield Edge(model_key, keys.endpoint(names[deployed.endpoint_arn]), EdgeKind.DEPLOYED_ON)
                own = variants.get(deployed.endpoint_arn, [])
                yield from (Edge(model_key, each, EdgeKind.SERVED_BY) for each in own if len(own) == 1)
    groups = {each.model_package_group_arn: each.model_package_group_name for each in estate.groups}
    for grouped in estate.grouped:
        for model_key in by_uri.get(grouped.model_data_uri, ()):
            if grouped.group_arn in groups:
                yield Edge(model_key, keys.group(groups[grouped.group_arn]), EdgeKind.MEMBER_OF)


def _by_package(estate: Estate) -> Iterator[Part]:
    """Yield the edges of models that name their package: exact, and without a call for its group."""
    packages = {each.model_package_arn: keys.package(each) for each in estate.packages}
    groups = {each.model_package_group_name for each in estate.groups}
    for model in estate.models:
        key = keys.model(model.model_name)
        for arn in dict.fromkeys(each.model_package_name for each in _containers(model) if each.model_package_name):
            if arn in packages:
                yield Edge(packages[arn], key, EdgeKind.PACKAGE_OF)
            if (group := _group_of(arn)) in groups:
                yield Edge(key, keys.group(group), EdgeKind.MEMBER_OF)


def _group_of(package_arn: str) -> str:
    """Return the group in `arn:...:model-package/group/version`; empty for a package without a group."""
    parts = package_arn.split("/")
    return parts[1] if len(parts) == 3 else ""  # noqa: PLR2004 - the kind, the group and the version


def _containers(model: Model) -> list[Container]:
    return [each for each in (model.primary_container, *model.containers) if each]


def _data_uris(container: Container) -> Iterator[str]:
    source = container.model_data_source.s3_data_source if container.model_data_source else None
    for uri in (container.model_data_url, source.s3_uri if source else ""):
        if uri:
            yield uri


def packages(estate: Estate) -> Parts:
    """Yield model packages, each with its version, approval and group."""
    groups = {each.model_package_group_name for each in estate.groups}
    for each in estate.packages:
        key = keys.package(each)
        yield _package(each, key, estate)
        if each.model_package_group_name in groups:
            yield Edge(key, keys.group(each.model_package_group_name), EdgeKind.MEMBER_OF)


def _package(package: ModelPackage, key: Key, estate: Estate) -> Node:
    containers = package.inference_specification.containers if package.inference_specification else ()
    approval = package.model_approval_status
    return Node(
        key=key,
        label=key.name,
        subtype=Subtype.MODEL_PACKAGE,
        description=package.model_package_description,
        created=package.creation_time,
        properties=shown(
            {
                **{f"CustomerMetadata.{name}": value for name, value in package.customer_metadata_properties.items()},
                "ModelPackageArn": package.model_package_arn,
                "ModelPackageStatus": package.model_package_status,
                "ModelApprovalStatus": approval,
                "ApprovalDescription": package.approval_description,
                "ModelDataUrl": tuple(uri for each in containers for uri in _data_uris(each)),
                "Image": tuple(each.image for each in containers if each.image),
            }
        ),
        tags=(*tags_of(estate, package.model_package_arn), *((f"ModelApprovalStatus:{approval}",) if approval else ())),
        owners=owners_of(package.created_by),
        version="" if package.model_package_version is None else str(package.model_package_version),
        approval=approval,
    )
