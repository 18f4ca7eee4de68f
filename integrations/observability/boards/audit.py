"""The dashboard of the audit log (P2, L2)."""

from functools import partial

from capture_forwarder.configuration.observability import DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.audit import audit_group
from integrations.observability.boards.audit_panels import activity, audit_panel
from integrations.observability.choices import of_place
from integrations.observability.metric_names import ALLOWED, DELETE_CALLS, DENIED_CALLS, LOGS
from integrations.observability.panels import Board, Graph
from integrations.observability.queries import Measured
from integrations.observability.sql import events_by_hour, q2, q4, q5


def board(settings: Settings) -> Board:
    """Return the dashboard of SageMaker's API calls in the account."""
    observed = settings.observability or ObservabilitySettings()
    named = partial(q4, accounts=observed.accounts)
    return Board(
        name=DashboardName.AUDIT,
        ids=("P2", "L2"),
        title="CloudTrail Audit Overview",
        panels=(
            _events(settings.stack.name),
            _watched(),
            *activity(settings, "P2", 2, "L2"),
            audit_panel(settings, ("P2.1", "L2"), "Events by hour", events_by_hour),
            audit_panel(settings, ("Q2",), "Most frequent errors", q2),
            audit_panel(settings, ("Q5",), "Operations by hour", q5),
            audit_panel(settings, ("Q4",), "Events by account, user and endpoint", named, width=24),
        ),
        variables=of_place(observed),
    )


def _events(stack_name: str) -> Graph:
    """Return the events over time from a metric of CloudWatch Logs, which needs no scan of the log."""
    events = Measured(
        id="events",
        metric=ALLOWED[LOGS, "IncomingLogEvents"],
        dimensions=(("LogGroupName", audit_group(stack_name)),),
        statistic="Sum",
        label="events",
    )
    return Graph(ids=("P2.1", "L2"), title="Audit events", queries=(events,), unit="count in 5 minutes", width=12)


def _watched() -> Graph:
    deletes = Measured(id="deletes", metric=DELETE_CALLS, statistic="Sum", label="delete calls")
    denied = Measured(id="denied", metric=DENIED_CALLS, statistic="Sum", label="denied calls")
    return Graph(
        ids=("A1", "A3"),
        title="Delete and denied calls",
        queries=(deletes, denied),
        unit="count in 5 minutes",
        width=12,
    )
