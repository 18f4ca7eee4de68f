"""Series that are made up, to look at a dashboard without an account. A seed gives the same ones each time."""

import math
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from capture_ops.observability.rendering.arithmetic import Arithmetic
from capture_ops.observability.rendering.series import DAY_SECS, Series, Span
from integrations.observability.metric_names import ALLOWED, ENDPOINTS, Unit
from integrations.observability.searches import parse_search

# The end of the made-up day: a Thursday in January 2026, so that the same seed gives the same page.
SYNTHETIC_END = 1_768_521_600
_NAMES = {
    "EndpointName": ("churn", "prices", "images"),
    "VariantName": ("AllTraffic",) * 3,
    "InferenceComponentName": ("llama-a", "llama-b"),
    "FeatureGroupName": ("customers", "orders"),
    "OperationName": ("GetRecord", "PutRecord"),
    "PipelineName": ("churn-weekly", "prices-daily"),
    "StepName": ("Train", "Evaluate"),
    "Host": ("churn-2026-01-15/algo-1", "prices-2026-01-15/algo-1", "prices-2026-01-15/algo-2"),
    "route": ("churn", "prices"),
    "destination": ("monitoring",) * 2,
}
_TYPICAL = {
    Unit.PERCENT: 55.0,
    Unit.MICROSECONDS: 42_000.0,
    Unit.MILLISECONDS: 190_000.0,
    Unit.SECONDS: 95.0,
    Unit.COUNT: 12.0,
    Unit.NONE: 180.0,
}
_RARE = re.compile("Error|Throttled|Failed|Stopped|Rejected|GivenUp|Delete|Denied|Blocked|Visible")
_FEW = re.compile("LoadedModelCount|Concurrent")
_OF_EACH_CORE = re.compile("^(CPU|GPU|GPUMemory)Utilization$")
_DYNAMIC = re.compile(r"\$\{PROP\('Dim\.(\w+)'\)\}")


class Named(Struct, frozen=True, kw_only=True):
    """One series to make up."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_secs: int


class Synthetic:
    """Makes up the series of the queries of a widget, and evaluates its expressions over them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def results(self, widget: Mapping[str, Any], span: Span) -> dict[str, list[Series]]:
        """Return the series of each visible query of a widget by its id."""
        made: dict[str, list[Series]] = {}
        for metric in widget["properties"].get("metrics", ()):
            options = metric[-1]
            expression = options.get("expression", "")
            if expression and not parse_search(expression):
                series = Arithmetic(made, span, options["period"]).of(expression)
            else:
                series = [self._series(named, span) for named in _named(metric)]
            made[options["id"]] = [_labelled(each, options.get("label", "")) for each in series]
        visible = (metric[-1]["id"] for metric in widget["properties"].get("metrics", ()) if metric[-1]["visible"])
        return {each: made[each] for each in visible}

    def _series(self, named: Named, span: Span) -> Series:
        # Captures follow the calls of their endpoint.
        metric = "Invocations" if named.metric == "CapturesRead" else f"{named.namespace} {named.metric}"
        text = f"{self._seed} {metric.removeprefix(f'{ENDPOINTS} ')} {named.statistic}"
        text += "".join(f" {value}" for _, value in named.dimensions)
        chance = random.Random(text)  # noqa: S311 - made-up values, not secrets
        scale = _typical(named) * chance.uniform(0.6, 1.2)
        phase = chance.uniform(0, 2 * math.pi)
        values = {}
        for time in range(span.start, span.end, named.period_secs):
            wave = 1 + 0.4 * math.sin(2 * math.pi * time / DAY_SECS + phase)
            values[time] = _possible(named, scale * wave * chance.uniform(0.85, 1.15), chance)
        return Series(label=named.metric, values=values, dimensions=named.dimensions)


def _named(metric: list[Any]) -> Iterator[Named]:
    """Yield the series of a metric: one, or for a search one for each made-up name."""
    options = metric[-1]
    if search := parse_search(options.get("expression", "")):
        for values in zip(*(_NAMES[dimension] for dimension in search.dimensions), strict=False):
            yield Named(
                namespace=search.namespace,
                metric=search.metric,
                dimensions=tuple(zip(search.dimensions, values, strict=True)),
                statistic=search.statistic,
                period_secs=search.period_secs,
            )
        return
    namespace, name, *dimensions = metric[:-1]
    pairs = tuple(zip(dimensions[::2], dimensions[1::2], strict=True))
    period = options["period"]
    yield Named(namespace=namespace, metric=name, dimensions=pairs, statistic=options["stat"], period_secs=period)


def _typical(named: Named) -> float:
    """Return a usual value of a metric in the unit that it is published in."""
    unit = ALLOWED[named.namespace, named.metric].unit
    if "rror" in named.metric and named.statistic == "Average":
        return 0.02  # each call counts 1 or 0
    if named.metric == "ModelCacheHit":
        return 0.7
    if named.metric == "ConservationViolations":
        return 0.0
    if _RARE.search(named.metric):
        return 1.0
    if _FEW.search(named.metric):
        return 5.0
    per_period = named.period_secs / 300 if named.statistic == "Sum" else 1.0
    several_cores = 3.0 if named.metric == "CPUUtilization" else 1.0
    higher = 1.6 if named.statistic.startswith("p") else 1.0
    calls = 14.0 if named.metric == "CapturesRead" else 1.0  # nearly as many as invocations
    return _TYPICAL[unit] * per_period * several_cores * higher * calls


def _possible(named: Named, value: float, chance: random.Random) -> float:
    """Return a value that the metric can have: whole counts, and no more than all of a part."""
    metric = ALLOWED[named.namespace, named.metric]
    if metric.unit is Unit.PERCENT and not _OF_EACH_CORE.match(named.metric):
        return min(value, 100.0)
    if named.statistic == "Sum" or metric.unit is Unit.COUNT:
        return float(int(value * (chance.random() < 0.2) if _RARE.search(named.metric) else value))  # noqa: PLR2004
    return min(value, 1.0) if named.metric == "ModelCacheHit" else value


def _labelled(series: Series, label: str) -> Series:
    if not label:
        return series
    named = dict(series.dimensions)
    text = _DYNAMIC.sub(lambda found: named.get(found[1], ""), label)
    return Series(label=text, values=series.values, dimensions=series.dimensions)
