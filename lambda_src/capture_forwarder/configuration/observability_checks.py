"""Options of `[observability]` that do not fit together, or not to AWS."""

from collections.abc import Iterator

from capture_forwarder.configuration.alert_checks import alert_problems
from capture_forwarder.configuration.observability import EndpointKind, ObservabilitySettings, Trail
from capture_forwarder.configuration.route_checks import repeated


def observability_problems(settings: ObservabilitySettings) -> Iterator[str]:
    """Yield the problems of `[observability]`, each with the remedy."""
    path = "observability"
    yield from repeated(settings.dashboards, f"{path}.dashboards: {{}} is named twice; name it once")
    yield from repeated((each.name for each in settings.alert), f"{path}.alert: {{}} has two tables; write one")
    yield from alert_problems(settings)
    variants = (f"{each.name!r}, variant {each.variant!r}" for each in settings.endpoint)
    yield from repeated(variants, f"{path}.endpoint: {{}} is listed twice; list it once")
    for index, endpoint in enumerate(settings.endpoint):
        if endpoint.kind is EndpointKind.ASYNCHRONOUS and endpoint.sampling_percent is not None:
            yield (
                f"{path}.endpoint[{index}].sampling_percent: remove it; an asynchronous endpoint publishes no number "
                "of invocations, so captures cannot be compared with it"
            )
    if settings.data_events and settings.trail is not Trail.CREATE:
        yield f'{path}.data_events: write trail = "create" too, or remove it; the stack changes no other trail'
