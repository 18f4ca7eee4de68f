"""The panels of the audit log that several dashboards show."""

from collections.abc import Callable

from capture_forwarder.configuration.settings import Settings
from integrations.observability.audit import audit_group
from integrations.observability.panels import LogPanel, View
from integrations.observability.sql import active_users, failed_origins, invoked_events, q1, q3, read_only


def audit_panel(
    settings: Settings,
    ids: tuple[str, ...],
    title: str,
    sql: Callable[[str], str],
    width: int = 8,
    view: View = View.TABLE,
) -> LogPanel:
    """Return a panel of a query of the stack's audit log."""
    group = audit_group(settings.stack.name)
    return LogPanel(ids=ids, title=title, sql=sql(group), groups=(group,), width=width, view=view)


def activity(settings: Settings, page: str, first: int, *others: str) -> tuple[LogPanel, ...]:
    """Return the panels of origins, of read-only events, of users and of events.

    `page` and `first` are the section and the number of its first item; `others` are sections with the same items.
    CloudWatch has no look-up of locations, so an origin is an address.
    """
    origins, kinds, users = ((f"{page}.{number}", *others) for number in range(first, first + 3))
    return (
        audit_panel(settings, (*origins, "Q1"), "Origins of successful events", q1),
        audit_panel(settings, origins, "Origins of failed events", failed_origins),
        audit_panel(settings, kinds, "Read-only and other events", read_only),
        audit_panel(settings, (*kinds, "Q3"), "Events that change something", q3),
        audit_panel(settings, users, "Most active users", active_users),
        audit_panel(settings, users, "Most frequent events", invoked_events),
    )
