"""The forwarder as a flow, a job a route, and the monitored models that receive its inferences."""

from collections.abc import Iterable, Iterator

from capture_forwarder.configuration.options import tag_of
from capture_forwarder.configuration.settings import Settings
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.route import Route, Router
from integrations.catalog.building import keys
from integrations.catalog.building.captures import Capture
from integrations.catalog.building.parts import Parts, shown
from integrations.catalog.nodes import Edge, EdgeKind, Key, Node, Subtype
from integrations.catalog.options import S3Names

# SageMaker writes yyyy/mm/dd/hh/file below the prefix of a variant. No route is meant for the year 0000.
_SOME_HOUR = "0000/00/00/00/"
_SOME_FILE = "00-00-000-00000000-0000-0000-0000-000000000000"
_SUFFIX = ".jsonl"


def forwarding(settings: Settings, found: Iterable[Capture], names: S3Names) -> Parts:
    """Yield the forwarder, its jobs and its monitored models.

    The Lambda's own router decides about the captures that a route takes. Captures of shadow variants are skipped
    there. A route that takes no known captures reads its prefix.
    """
    stack = settings.stack.name
    yield Node(key=keys.forwarder(stack), label=stack, subtype=Subtype.FORWARDER)
    taken = _taken(settings, found)
    kinds = {each.name: (tag_of(type(each)) or ("", each.name))[1] for each in settings.destination}
    for route in settings.routes:
        job = keys.forwarding_job(stack, route.name)
        model = keys.monitored_model(kinds[route.destination], route.destination, route.model_id)
        yield _job(job, route, model)
        sources = taken.get(route.name) or [keys.s3_data_set(f"s3://{route.bucket}/{route.prefix}", names)]
        yield from (Edge(source, job, EdgeKind.READ_BY) for source in sources)
        yield _model(model, route)
        yield Edge(job, model, EdgeKind.WRITES)


def _taken(settings: Settings, found: Iterable[Capture]) -> dict[str, list[Key]]:
    """Return the captures that each route takes, by the name of the route."""
    router = Router(settings.routes, settings.skipped_buckets)
    taken: dict[str, list[Key]] = {}
    for capture in found:
        if not capture.serving.is_shadow:
            for name in _takers(router, settings.routes, capture):
                taken.setdefault(name, []).append(capture.key)
    return taken


def _takers(router: Router, routes: tuple[Route, ...], capture: Capture) -> Iterator[str]:
    """Yield the routes of the captures, and those below their prefix, which take a part of them.

    Other programs may store copies of the captures with another suffix, such as `.jsonl.gz`, for a route with it.
    """
    folder = f"{capture.prefix}/"
    below = [each.prefix for each in routes if each.bucket == capture.bucket and each.prefix.startswith(folder)]
    samples = [f"{folder}{_SOME_HOUR}", *below]
    files = [_SOME_FILE + suffix for suffix in dict.fromkeys([_SUFFIX, *(each.suffix for each in routes)])]
    objects = (CaptureObject(capture.bucket, sample + file) for sample in samples for file in files)
    yield from dict.fromkeys(route.name for each in objects if (route := router.route_for(each)))


def _job(key: Key, route: Route, model: Key) -> Node:
    return Node(
        key=key,
        label=route.name,
        subtype=Subtype.FORWARDING_JOB,
        properties=shown(
            {
                "bucket": route.bucket,
                "prefix": route.prefix,
                "suffix": route.suffix,
                "destination": route.destination,
                "model_id": route.model_id,
                "platform": model.platform,
            }
        ),
    )


def _model(key: Key, route: Route) -> Node:
    return Node(
        key=key,
        label=route.model_id,
        subtype=Subtype.MONITORED_MODEL,
        properties={"destination": route.destination, "model_id": route.model_id},
        attributes=route.schema.attributes if route.schema else (),
    )
