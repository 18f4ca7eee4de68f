"""The saved queries of CloudWatch Logs Insights: those of the audit log, of listed endpoints and of jobs."""

from collections.abc import Iterator

from msgspec import Struct

from capture_forwarder.configuration.settings import Settings
from integrations.observability import sql
from integrations.observability.audit import audit_group, endpoint_group
from integrations.observability.extraction import ENDPOINT_LOGS, JOB_LOGS


class Definition(Struct, frozen=True, kw_only=True):
    """One saved query. `id` is its logical id, and `ids` are the items of the page that it serves."""

    id: str
    ids: tuple[str, ...]
    name: str
    sql: str


def definitions(settings: Settings, region: str) -> tuple[Definition, ...]:
    """Return the saved queries of `settings`, whose logs are in `region`; none without `[observability]`."""
    if settings.observability is None:
        return ()
    accounts = settings.observability.accounts
    endpoints = dict.fromkeys(each.name for each in settings.observability.endpoint)
    return (
        *_of_audit(audit_group(settings.stack.name), accounts),
        *(each for name in endpoints for each in _of_endpoint(name, accounts, region)),
        *_of_jobs(accounts, region),
    )


def _of_audit(group: str, accounts: dict[str, str]) -> Iterator[Definition]:
    rows = (
        ("Origins", ("Q1", "P1.1", "P2.2", "L2.2"), "successful events by origin", sql.q1(group)),
        ("FailedOrigins", ("P1.1", "P2.2", "L2.2"), "failed events by origin", sql.failed_origins(group)),
        ("Errors", ("Q2",), "ten commonest errors", sql.q2(group)),
        ("Changes", ("Q3",), "commonest events that change something", sql.q3(group)),
        ("Events", ("Q4",), "events by account, region, operation and user", sql.q4(group, accounts)),
        ("Operations", ("Q5",), "operations by hour", sql.q5(group)),
        ("Endpoints", ("Q6",), "events of endpoints by hour", sql.q6(group)),
        ("ByHour", ("P2.1", "L2.1"), "events by hour", sql.events_by_hour(group)),
        ("ReadOnly", ("P1.2", "P2.3", "L2.3"), "read-only and other events", sql.read_only(group)),
        ("Users", ("P1.3", "P2.4", "L2.4"), "most active users", sql.active_users(group)),
        ("Invoked", ("P1.3", "P2.4", "L2.4"), "commonest events", sql.invoked_events(group)),
        ("Invocations", ("P3.1", "P3.2"), "recorded invocations by hour", sql.invocations(group)),
        ("InvokingUsers", ("P3.3",), "users who invoke most", sql.invoking_users(group)),
    )
    for name, ids, title, text in rows:
        yield Definition(id=f"Audit{name}", ids=ids, name=f"audit/{title}", sql=text)


def _of_endpoint(name: str, accounts: dict[str, str], region: str) -> Iterator[Definition]:
    group = endpoint_group(name)
    fields = tuple(f"F.{each.field}" for each in ENDPOINT_LOGS.extractions)
    rows = (
        ("Status", ("Q7", "L4.7"), "access lines by status", sql.q7(group)),
        ("Level", ("L4.8",), "lines by level", sql.lines_by_level(group)),
        ("Lines", fields, "newest lines with fields", sql.lines_with_fields(group, ENDPOINT_LOGS, accounts, region)),
    )
    for part, ids, title, text in rows:
        yield Definition(id=f"{part}-{name}", ids=ids, name=f"endpoints/{name}/{title}", sql=text)


def _of_jobs(accounts: dict[str, str], region: str) -> Iterator[Definition]:
    for kind, item in zip(JOB_LOGS, ("L8.7", "L10.7", "L9.7"), strict=True):
        group, name = kind.prefix, kind.prefix.rpartition("/")[2]
        fields = tuple(f"F.{each.field}" for each in kind.extractions)
        lines = sql.lines_with_fields(group, kind, accounts, region)
        yield Definition(id=f"Recent{name}", ids=("Q8", item), name=f"jobs/{name}/newest lines", sql=sql.q8(group))
        yield Definition(id=f"Lines{name}", ids=fields, name=f"jobs/{name}/newest lines with fields", sql=lines)
