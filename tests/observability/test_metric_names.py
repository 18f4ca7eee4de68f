"""The table of allowed metrics: each change of a letter, of a dimension or of case is a problem."""

import pytest

from integrations.observability.metric_names import ALLOWED, ENDPOINTS, VARIANT, problem


@pytest.mark.parametrize(
    ("namespace", "name", "dimensions", "statistic"),
    [
        (ENDPOINTS, "Invocation", VARIANT, "Sum"),
        ("AWS/Sagemaker", "Invocations", VARIANT, "Sum"),
        (ENDPOINTS, "Invocations", ("EndpointName",), "Sum"),
        (ENDPOINTS, "Invocations", (), "Sum"),
        (ENDPOINTS, "Invocations", ("endpointname", "VariantName"), "Sum"),
        (ENDPOINTS, "Invocations", VARIANT, "Average"),
        (ENDPOINTS, "ConcurrentRequestsPerModel", VARIANT, "p99"),
    ],
)
def test_an_unpublished_metric_is_a_problem(
    namespace: str, name: str, dimensions: tuple[str, ...], statistic: str
) -> None:
    """CloudWatch accepts it, and shows an empty graph."""
    assert problem(namespace, name, frozenset(dimensions), statistic)


@pytest.mark.parametrize("key", ALLOWED)
def test_a_published_metric_is_none(key: tuple[str, str]) -> None:
    """Every set of dimensions is accepted with every statistic."""
    metric = ALLOWED[key]
    for dimensions in metric.dimensions:
        for statistic in metric.statistics.valid:
            shown = "p99" if statistic == "p" else statistic
            assert problem(metric.namespace, metric.name, frozenset(dimensions), shown) is None
