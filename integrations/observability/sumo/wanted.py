"""All objects in Sumo Logic of one configuration."""

from capture_forwarder.configuration.observability import ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.fields import FIELDS
from integrations.observability.rules import TRAIL_CATEGORY, rules
from integrations.observability.sumo.monitors import monitors
from integrations.observability.sumo.objects import Place, Rule, Wanted, collector_name, mark
from integrations.observability.sumo.sources import sources


def wanted(settings: Settings, place: Place) -> Wanted:
    """Return the objects of `settings`. Raises `ValueError` without `[observability.sumo]`."""
    collector = collector_name(settings, place)
    if settings.observability is None or settings.observability.sumo is None:
        raise ValueError("the settings have no [observability.sumo]")
    observability, sumo = settings.observability, settings.observability.sumo
    own = mark(settings.stack.name, place)
    return Wanted(
        collector=collector,
        mark=own,
        sources=tuple(sources(sumo, place, own)),
        fields=tuple(field.name for field in FIELDS),
        rules=_rules(observability, collector, own),
        monitors=tuple(monitors(observability, sumo.account, place, own)),
    )


def _rules(settings: ObservabilitySettings, collector: str, own: str) -> tuple[Rule, ...]:
    """Return the rules; their names have that of the collector, because a Sumo Logic account may have the page's too.

    A rule has no description, so its mark is a comment of its expression.
    """
    made = []
    trail = settings.sumo.cloudtrail if settings.sumo else None
    for rule in rules(settings.accounts, trail.category if trail else TRAIL_CATEGORY):
        name = f"{rule.name} - {collector}"
        body = {"name": name, "scope": rule.scope, "parseExpression": f"{rule.parse}\n// {own}", "enabled": True}
        made.append(Rule(ids=(rule.id,), name=name, body=body))
    return tuple(made)
