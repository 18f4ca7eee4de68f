"""Settings of the tests of dashboards, and the metrics that the body of a dashboard names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture_forwarder.configuration.observability import DashboardName
from capture_forwarder.configuration.reader import parse_settings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.metric_names import problem
from integrations.observability.searches import parse_search

EXAMPLE = Path("examples/observability.toml").read_text(encoding="utf-8")
EVERY_DASHBOARD = f"dashboards = {[name.value for name in DashboardName]}"
SECTION = "[observability]\n"

MORE_ENDPOINTS = """
[[observability.endpoint]]
name = "churn"
variant = "canary"
vcpus = 8
gpus = 2
sampling_percent = 20

[[observability.endpoint]]
name = "prices"
kind = "serverless"

[[observability.endpoint]]
name = "images"
kind = "asynchronous"
"""

# Namespace, name, dimensions and statistic.
Named = tuple[str, str, tuple[str, ...], str]


def settings_with(options: str = EVERY_DASHBOARD, endpoints: str = MORE_ENDPOINTS) -> Settings:
    """Return the settings of the example with further options of `[observability]`, and further tables."""
    return parse_settings(EXAMPLE.replace(SECTION, f"{SECTION}{options}\n") + endpoints)


def metrics_of(body: dict[str, Any]) -> Iterator[Named]:
    """Yield every metric that the widgets of a dashboard name."""
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", ()):
            yield from _named(metric)


def _named(metric: list[Any]) -> Iterator[Named]:
    if "expression" not in metric[-1]:
        namespace, name, *dimensions, options = metric
        yield namespace, name, tuple(dimensions[::2]), options["stat"]
        return
    if search := parse_search(metric[-1]["expression"]):
        yield search.namespace, search.metric, search.dimensions, search.statistic


def problem_of(namespace: str, name: str, dimensions: frozenset[str], statistic: str) -> str | None:
    """Return the reason why a metric is not published; the namespace of the audit log ends with this stack's name."""
    of_audit = namespace == "CaptureForwarder/Audit/capture-forwarder"
    return problem("CaptureForwarder/Audit" if of_audit else namespace, name, dimensions, statistic)


def ids_in(expression: str) -> set[str]:
    """Return the ids of other queries that a math expression names."""
    return set(re.findall(r"\b[a-z]\w*\b", expression))
