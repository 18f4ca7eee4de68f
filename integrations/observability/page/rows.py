"""One row for each item of the page: the resources and commands that stand for it, and the tests that prove it."""

import re
from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from capture_forwarder.configuration.settings import Settings
from integrations.observability.alerts import ALERTS as OUR_ALERTS
from integrations.observability.boards.registry import boards
from integrations.observability.definitions import definitions
from integrations.observability.fields import FIELDS
from integrations.observability.page.dashboards import DASHBOARDS
from integrations.observability.page.items import Item
from integrations.observability.page.rest import ALERTS, COLLECTION, QUERIES, SAMPLES
from integrations.observability.page.tests import tests_of
from integrations.observability.rules import CLOUDTRAIL, CLOUDWATCH, account_rule

_SETUP = "sumo setup"
_ALL = "all resources"
# The beginnings of logical ids; the CDK puts a hash behind them.
_OF_COLLECTION = {
    "C1": ("SumoMetricStream", "SumoMetricsStream"),
    "C2": (_SETUP,),
    "C3": ("SumoMetricStream",),
    "C4": ("SumoMetricsStream", _SETUP),
    "C5": (_SETUP,),
    "C6": (_SETUP,),
    "C7": (_SETUP,),
    "C8": (_SETUP,),
    "C9": ("SumoLogsStream", "SumoSubscription"),
    "C10": ("SumoLogsStream",),
    "C11": ("SumoSubscription",),
    "C12": ("SumoLogsStream", _SETUP),
    "C13": (_SETUP,),
    "C14": (_ALL,),
    "C15": (_ALL,),
    "C16": (_ALL, _SETUP),
    "C17": (_SETUP,),
}
_IN_TESTS = "fixture of tests"


class Row(Struct, frozen=True, kw_only=True):
    """One row. `resources` are beginnings of logical ids in the observability stack, or names of commands."""

    item: Item
    resources: tuple[str, ...]
    tests: tuple[str, ...]


def rows(settings: Settings, region: str) -> Iterator[Row]:
    """Yield the rows in the order of the page; `settings` have every dashboard, alarm and stream."""
    made = _resources(settings, region)
    for item in items():
        yield Row(item=item, resources=made[item.id], tests=tests_of(item.id))


def items() -> Iterator[Item]:
    """Yield the items of the page in its order."""
    yield from SAMPLES
    yield from QUERIES
    yield from COLLECTION
    yield from (Item(field.id, f"Field `{field.name}`: {field.meaning}") for field in FIELDS)
    rules = (CLOUDTRAIL, CLOUDWATCH, account_rule({}))
    yield from (Item(rule.id, f"Rule `{rule.name}`", rule.fault) for rule in rules)
    yield from DASHBOARDS
    yield from ALERTS


def _resources(settings: Settings, region: str) -> defaultdict[str, tuple[str, ...]]:
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for item, resource in _made(settings, region):
        found[item][resource] = None
    return defaultdict(tuple, {item: tuple(resources) for item, resources in found.items()})


def _made(settings: Settings, region: str) -> Iterator[tuple[str, str]]:
    """Yield each id with a resource that serves it."""
    for board in boards(settings):
        resource = f"Dashboards{board.name.replace('-', ' ').title().replace(' ', '')}"
        served = {*board.ids, *(item for panel in board.panels for item in panel.ids)}
        yield from ((item, resource) for item in sorted(served))
    for query in definitions(settings, region):
        # The CDK leaves other characters out.
        resource = "Queries" + re.sub("[^A-Za-z0-9]", "", query.id)
        yield from ((item, resource) for item in query.ids)
    for alert in OUR_ALERTS.values():
        yield from ((item, f"Alarms{alert.section}") for item in alert.ids)
    yield from (("A1", "AuditDeleteCalls"), ("A1", "AuditDeleteNotices"), ("A3", "AuditDeniedCalls"))
    for field in FIELDS:
        yield field.id, _SETUP
    for rule in (CLOUDTRAIL, CLOUDWATCH, account_rule({})):
        yield rule.id, _SETUP
    for item, resources in _OF_COLLECTION.items():
        yield from ((item, resource) for resource in resources)
    yield from ((sample.id, _IN_TESTS) for sample in SAMPLES)
    # A disk panel of transform jobs would be empty for ever.
    yield "L9.5", "DashboardsTransform"
