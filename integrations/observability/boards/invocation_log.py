"""The dashboard of the log of invocations (P3)."""

from urllib.parse import urlsplit

from capture_forwarder.configuration.observability import DashboardName, ObservabilitySettings
from capture_forwarder.configuration.settings import Settings
from integrations.observability.audit import endpoint_group
from integrations.observability.boards.audit_panels import audit_panel
from integrations.observability.choices import of_place
from integrations.observability.panels import Board, LogPanel, Panel, Text
from integrations.observability.sql import invocations, invoking_users, q5, q6, q7


def board(settings: Settings) -> Board:
    """Return the dashboard of calls of endpoints, from the access lines of listed ones and from the audit log."""
    observed = settings.observability or ObservabilitySettings()
    return Board(
        name=DashboardName.INVOCATION_LOG,
        ids=("P3",),
        title="Model Invocation Log Analysis",
        panels=(
            audit_panel(settings, ("P3.2", "Q5"), "Operations by hour", q5, width=12),
            audit_panel(settings, ("P3.2", "Q6"), "Endpoints in use by hour", q6, width=12),
            *_data_events(settings, observed),
            *_access(observed),
            _captured(settings),
        ),
        variables=of_place(observed),
    )


def _access(observed: ObservabilitySettings) -> list[Panel]:
    names = dict.fromkeys(endpoint.name for endpoint in observed.endpoint)
    if not names:
        text = "List endpoints as `[[observability.endpoint]]` to see their access lines here."
        return [Text(ids=("P3.1",), title="Access lines", markdown=text)]
    return [
        LogPanel(
            ids=("P3.1", "Q7"),
            title=f"Access lines by status: {name}",
            sql=q7(endpoint_group(name)),
            groups=(endpoint_group(name),),
        )
        for name in names
    ]


def _data_events(settings: Settings, observed: ObservabilitySettings) -> tuple[Panel, ...]:
    if not observed.data_events:
        text = "Only data events name the callers of endpoints: write `data_events = true`. They are billed by event."
        return (Text(ids=("P3.1", "P3.3"), title="Users who invoke endpoints", markdown=text),)
    return (
        audit_panel(settings, ("P3.1",), "Calls of endpoints by hour", invocations, width=12),
        audit_panel(settings, ("P3.3",), "Users who invoke endpoints most", invoking_users, width=12),
    )


def _captured(settings: Settings) -> Text:
    """Return where the inputs and outputs of models are. They never enter a dashboard.

    Only the host of a destination is shown, because the path of a webhook may hold a token.
    """
    hosts = {destination.name: urlsplit(destination.url).hostname or "" for destination in settings.destination}
    rows = (f"| {_cell(route.name)} | {_cell(hosts.get(route.destination, ''))} |" for route in settings.route)
    table = "\n".join(("| route | forwarded to |", "|---|---|", *rows))
    height = min(12, 3 + len(settings.route))
    return Text(ids=("P3.4",), title="Inputs and outputs of models", markdown=table, height=height)


def _cell(text: str) -> str:
    """Return text that Markdown shows as it is. A link or HTML in a name is not active."""
    return "".join(f"\\{each}" if each in "\\`*_{}[]()<>#+-.!|~&" else each for each in text)
