"""Capture coverage: the captures that the forwarder read, compared with the invocations that SageMaker counted.

SageMaker has no metric of Data Capture: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from capture_forwarder.configuration.observability import EndpointSettings
from integrations.observability.metric_names import ALLOWED, CAPTURES_READ, ENDPOINTS
from integrations.observability.queries import Computed, Measured

HOUR_SECS = 3600
# A tenth may be missing: captures of one hour may be counted in the next one.
_EXPECTED_SHARE = 0.9
# Standard deviations of the number of sampled calls: 2,000 simulated hours have no false alarm.
_DEVIATIONS = 4


def invocations(endpoint: EndpointSettings, period_secs: int = HOUR_SECS) -> Measured:
    """Return the calls of a variant, as the query `inv`."""
    return Measured(
        id="inv",
        metric=ALLOWED[ENDPOINTS, "Invocations"],
        dimensions=(("EndpointName", endpoint.name), ("VariantName", endpoint.variant)),
        statistic="Sum",
        period_secs=period_secs,
        visible=False,
    )


def captured(endpoint: EndpointSettings, period_secs: int = HOUR_SECS) -> Measured:
    """Return the captured calls of a variant that the forwarder read, as the query `cap`."""
    return Measured(
        id="cap",
        metric=CAPTURES_READ,
        dimensions=(("endpoint", endpoint.name), ("variant", endpoint.variant)),
        statistic="Sum",
        period_secs=period_secs,
        visible=False,
    )


def coverage_percent(period_secs: int = HOUR_SECS) -> Computed:
    """Return captured calls as a percentage of all calls, of the queries `inv` and `cap`.

    It may exceed 100: after a crash of the function, lines may be counted twice.
    """
    return Computed(id="coverage", expression="100 * FILL(cap, 0) / inv", period_secs=period_secs, label="coverage, %")


def missing_captures(sampling_percent: int, period_secs: int = HOUR_SECS) -> Computed:
    """Return the captures that are missing, after allowance for the noise of sampling, of `inv` and `cap`.

    The number of captured calls has a binomial distribution. Few calls allow no conclusion, and the result is negative.
    """
    share, rest = sampling_percent / 100, (100 - sampling_percent) / 100
    return Computed(
        id="missing",
        expression=(
            f"{_EXPECTED_SHARE} * {share:g} * inv - {_DEVIATIONS} * SQRT({share:g} * {rest:g} * inv) - FILL(cap, 0)"
        ),
        period_secs=period_secs,
        label="captures missing",
    )
