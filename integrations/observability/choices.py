"""The choices at the head of dashboards: the region, the account, and values of dimensions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_dashboard_variables.html
"""

from capture_forwarder.configuration.observability import ObservabilitySettings
from integrations.observability.panels import Choice, Scope, Variable
from integrations.observability.queries import no_choice, quoted


def of_place(settings: ObservabilitySettings) -> tuple[Variable, ...]:
    """Return the choice of a region, and of an account if the settings name accounts.

    The metrics of another account need CloudWatch's cross-account observability.
    """
    region = Variable(id="region", label="Region", scope=Scope.PROPERTY, replaced="region", default="region")
    if not settings.accounts:
        return (region,)
    named = tuple(Choice(label=alias, value=account) for account, alias in settings.accounts.items())
    account = Variable(
        id="account",
        label="Account",
        scope=Scope.PROPERTY,
        replaced="accountId",
        default="accountId",
        choices=named,
    )
    return region, account


def of_endpoint(settings: ObservabilitySettings) -> Variable:
    """Return the choice of one listed endpoint, or of all endpoints."""
    all_endpoints = no_choice("EndpointName")
    names = dict.fromkeys(endpoint.name for endpoint in settings.endpoint)
    listed = (Choice(label=name, value=f"EndpointName={quoted(name)}") for name in names)
    return Variable(
        id="endpoint",
        label="Endpoint",
        scope=Scope.PATTERN,
        replaced=all_endpoints,
        default=all_endpoints,
        choices=(Choice(label="all", value=all_endpoints), *listed),
    )


def of_dimension(dimension: str, example: str) -> Variable:
    """Return a choice that a person writes, as in `Host=algo`: jobs, pipelines and feature groups are not listed."""
    return Variable(
        id=dimension.lower(),
        label=f"Filter, such as {dimension}={example}",
        scope=Scope.PATTERN,
        replaced=no_choice(dimension),
        default=no_choice(dimension),
    )
