"""The log queries of the page in SQL, each over one log group. Panels and query definitions share these texts.

CloudWatch Logs Insights speaks a dialect of Spark: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-SQL.html
A nested name is one identifier in back-ticks. Every result has a complete order, so that a limit cuts the same rows
each time. The texts have no backslash, because the dialects differ in their meaning.
Rows of the audit log come through EventBridge, so the fields of CloudTrail are below `detail`.
"""

from collections.abc import Mapping

from integrations.observability.audit import EVENT_SOURCE
from integrations.observability.extraction import LogKind
from integrations.observability.fields import NAMESPACE

_OF_SAGEMAKER = f"`detail.eventSource` = '{EVENT_SOURCE}'"
_ORIGIN = "`detail.sourceIPAddress`"
_OPERATION = "`detail.eventName`"
_ENDPOINT = "`detail.requestParameters.endpointName`"
_HOUR = "DATE_TRUNC('hour', CAST(`detail.eventTime` AS TIMESTAMP))"
# The last part of the ARN: the name of an IAM user, or of the session of a role.
_USER = "REGEXP_EXTRACT(`detail.userIdentity.arn`, '[^/]*$', 0)"
_SUCCEEDED = "`detail.errorCode` IS NULL"
_FAILED = "`detail.errorCode` IS NOT NULL"
_CHANGES = " AND ".join(f"{_OPERATION} NOT LIKE '{verb}%'" for verb in ("Get", "List", "Describe"))
_INVOCATIONS = f"{_OPERATION} LIKE 'InvokeEndpoint%'"
_TOP = 20
_RECENT = 100


def q1(group: str) -> str:
    """Return the SQL of the successful events by address. CloudWatch has no look-up of locations."""
    return _counted(group, {"origin": _ORIGIN}, _SUCCEEDED)


def q2(group: str) -> str:
    """Return the SQL of the ten commonest error messages."""
    return _counted(group, {"error": "`detail.errorMessage`"}, _FAILED, limit=10)


def q3(group: str) -> str:
    """Return the SQL of the 20 commonest events that change something."""
    return _counted(group, {"operation": _OPERATION}, _CHANGES, limit=_TOP)


def q4(group: str, accounts: Mapping[str, str] = {}) -> str:
    """Return the SQL of the events by account, region, operation, type of user, user and endpoint.

    `accounts` are names by id; they are shown in place of the ids.
    """
    columns = {
        "account": _named("`detail.recipientAccountId`", accounts),
        "region": "`detail.awsRegion`",
        "operation": _OPERATION,
        "user_type": "`detail.userIdentity.type`",
        "user_name": _USER,
        "endpointname": _ENDPOINT,
    }
    return _counted(group, columns)


def q5(group: str) -> str:
    """Return the SQL of the operations by hour."""
    return _by_hour(group, {"operation": _OPERATION})


def q6(group: str) -> str:
    """Return the SQL of the events of each endpoint by hour. SageMaker's events name no model."""
    return _by_hour(group, {"endpointname": _ENDPOINT}, f"{_ENDPOINT} IS NOT NULL")


def q7(group: str) -> str:
    """Return the SQL of the access lines by endpoint and HTTP status, of one endpoint's group.

    The status is the last one of the line, because the path before it comes from the caller.
    """
    columns = {
        "endpointname": "REGEXP_EXTRACT(`@log`, '/aws/sagemaker/Endpoints/(.+)$', 1)",
        "status": """REGEXP_EXTRACT(`@message`, '.*" ([0-9]{3}) [0-9]+', 1)""",
    }
    return _selected(group, columns, "`@message` LIKE '%ACCESS_LOG%'")


def q8(group: str) -> str:
    """Return the SQL of the 100 newest lines of jobs, of the group of one kind of job.

    The host is a container, algo-1, or an instance of a transform job.
    """
    job = "REGEXP_EXTRACT(`@logStream`, '^([^/]+)/', 1)"
    host = "REGEXP_EXTRACT(`@logStream`, '/(algo-[0-9]+|i-[0-9a-f]+)', 1)"
    columns = {"time": "`@timestamp`", "job": job, "host": host, "line": "`@message`"}
    order = "`@timestamp` DESC, `@logStream`, `@message`"
    return f"SELECT {_shown(columns)} FROM {_table(group)} ORDER BY {order} LIMIT {_RECENT}"  # noqa: S608 - the name is quoted


def lines_with_fields(group: str, kind: LogKind, accounts: Mapping[str, str], region: str) -> str:
    """Return the SQL of the 100 newest lines of a group of `kind` in `region`, with their fields as columns.

    `accounts` are names by id. The fields come from the names of group and stream, which no field index can hold.
    """
    number = "REGEXP_EXTRACT(`@log`, '^([0-9]+):', 1)"
    columns = {
        "time": "`@timestamp`",
        "account": _named(number, accounts),
        "accountid": number,
        "region": f"'{region}'",
        "namespace": f"'{NAMESPACE}'",
        **{each.field: f"REGEXP_EXTRACT(`{each.source}`, '{each.pattern}', 1)" for each in kind.extractions},
        "line": "`@message`",
    }
    order = "`@timestamp` DESC, `@logStream`, `@message`"
    return f"SELECT {_shown(columns)} FROM {_table(group)} ORDER BY {order} LIMIT {_RECENT}"  # noqa: S608 - as above


def lines_by_level(group: str) -> str:
    """Return the SQL of an endpoint's lines by level; a line without one, such as a traceback, has an empty level."""
    level = (
        "REGEXP_EXTRACT(`@message`, '^[-0-9T:., ]+.(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL) *[^A-Z]', 1)"
    )
    return _selected(group, {"level": level})


def failed_origins(group: str) -> str:
    """Return the SQL of the failed events by address."""
    return _counted(group, {"origin": _ORIGIN}, _FAILED)


def events_by_hour(group: str) -> str:
    """Return the SQL of the number of events by hour."""
    return _by_hour(group, {})


def read_only(group: str) -> str:
    """Return the SQL of the number of read-only and of other events."""
    return _counted(group, {"read_only": "`detail.readOnly`"})


def active_users(group: str) -> str:
    """Return the SQL of the 20 most active users."""
    return _counted(group, {"user_name": _USER}, limit=_TOP)


def invoked_events(group: str) -> str:
    """Return the SQL of the 20 commonest events."""
    return _counted(group, {"operation": _OPERATION}, limit=_TOP)


def invocations(group: str) -> str:
    """Return the SQL of the calls of each endpoint by hour. Only a trail with data events records them."""
    return _by_hour(group, {"endpointname": _ENDPOINT, "operation": _OPERATION}, _INVOCATIONS)


def invoking_users(group: str) -> str:
    """Return the SQL of the 20 users who invoke endpoints most. Only a trail with data events records them."""
    return _counted(group, {"user_name": _USER}, _INVOCATIONS, limit=_TOP)


def _counted(group: str, columns: dict[str, str], *conditions: str, limit: int | None = None) -> str:
    return _selected(group, columns, _OF_SAGEMAKER, *conditions, limit=limit)


def _by_hour(group: str, columns: dict[str, str], *conditions: str) -> str:
    """Return a count in order of time. The hour is grouped by its expression: CloudWatch knows no `window()`."""
    grouped = {"hour": _HOUR} | columns
    expressions = ", ".join(grouped.values())
    return f"{_head(group, grouped, _OF_SAGEMAKER, *conditions)} GROUP BY {expressions} ORDER BY {expressions}"


def _selected(group: str, columns: dict[str, str], *conditions: str, limit: int | None = None) -> str:
    """Return a count with the largest first; the columns decide between equal counts."""
    expressions = ", ".join(columns.values())
    cut = f" LIMIT {limit}" if limit else ""
    return f"{_head(group, columns, *conditions)} GROUP BY {expressions} ORDER BY n DESC, {expressions}{cut}"


def _named(number: str, accounts: Mapping[str, str]) -> str:
    names = "".join(f" WHEN '{account}' THEN '{name}'" for account, name in sorted(accounts.items()))
    return f"CASE {number}{names} ELSE {number} END" if names else number


def _shown(columns: dict[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def _head(group: str, columns: dict[str, str], *conditions: str) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {_shown(columns)}, COUNT(*) AS n FROM {_table(group)}{where}"  # noqa: S608 - the name is quoted


def _table(group: str) -> str:
    return f"`{group.replace('`', '``')}`"
