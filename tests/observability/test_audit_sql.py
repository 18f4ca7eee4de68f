"""The queries of the audit log in DuckDB, on the page's own event and seven more; the rows are written by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.observability import sql
from tests.observability.events import ACCOUNT, EVENTS, api_call, denied
from tests.observability.logs_insights import audit_rows

GROUP = "/aws/events/capture-forwarder-audit"
REFUSED = "User is not authorized to perform: sagemaker:DeleteEndpoint"
NINE, TEN = datetime(2026, 1, 2, 9, tzinfo=UTC), datetime(2026, 1, 2, 10, tzinfo=UTC)
Sql = Callable[[str], str]

EXPECTED: dict[Sql, list[tuple[Any, ...]]] = {
    sql.q1: [("45.129.199.204", 4), ("config.amazonaws.com", 2)],
    sql.failed_origins: [("45.129.199.204", 2)],
    sql.q2: [(REFUSED, 2)],
    sql.q3: [("CreateEndpoint", 3), ("DeleteEndpoint", 2), ("InvokeEndpoint", 1)],
    sql.q5: [
        (NINE, "CreateEndpoint", 3),
        (NINE, "ListTags", 1),
        (TEN, "DeleteEndpoint", 2),
        (TEN, "DescribeEndpoint", 1),
        (TEN, "InvokeEndpoint", 1),
    ],
    sql.q6: [(NINE, "churn", 3), (TEN, "churn", 4)],
    sql.events_by_hour: [(NINE, 4), (TEN, 4)],
    sql.read_only: [("false", 6), ("true", 2)],
    sql.active_users: [("ana", 5), ("bob", 2), ("ConfigResourceCompositionSession", 1)],
    sql.invoked_events: [
        ("CreateEndpoint", 3),
        ("DeleteEndpoint", 2),
        ("DescribeEndpoint", 1),
        ("InvokeEndpoint", 1),
        ("ListTags", 1),
    ],
    sql.invocations: [(TEN, "churn", "InvokeEndpoint", 1)],
    sql.invoking_users: [("ana", 1)],
}


@pytest.mark.parametrize("query", EXPECTED, ids=lambda query: query.__name__)
def test_the_rows_are_the_expected_ones(query: Sql) -> None:
    """In this order, which no tie leaves open."""
    assert audit_rows(query(GROUP), EVENTS) == EXPECTED[query]


@pytest.mark.parametrize("query", EXPECTED, ids=lambda query: query.__name__)
def test_calls_of_other_services_are_not_counted(query: Sql) -> None:
    """A group that someone else's rule fills too keeps its results."""
    other = [event | {"eventSource": "ec2.amazonaws.com"} for event in EVENTS]
    assert audit_rows(query(GROUP), [*EVENTS, *other]) == EXPECTED[query]


def test_q4_shows_events_by_account_and_user() -> None:
    """The type of the user is CloudTrail's; the page overwrites it with `assumed-role`."""
    found = audit_rows(sql.q4(GROUP), EVENTS)
    assert found == [
        (ACCOUNT, "us-east-1", "CreateEndpoint", "AssumedRole", "ana", "churn", 3),
        (ACCOUNT, "us-east-1", "DeleteEndpoint", "IAMUser", "bob", "churn", 2),
        (ACCOUNT, "us-east-1", "DescribeEndpoint", "AssumedRole", "ana", "churn", 1),
        (ACCOUNT, "us-east-1", "InvokeEndpoint", "AssumedRole", "ana", "churn", 1),
        (ACCOUNT, "us-east-1", "ListTags", "AssumedRole", "ConfigResourceCompositionSession", None, 1),
    ]


def test_q4_names_accounts_of_the_map() -> None:
    """Others keep their id."""
    other = "567680881046"
    events = [api_call("CreateEndpoint"), api_call("CreateEndpoint", recipientAccountId=other)]
    found = audit_rows(sql.q4(GROUP, {ACCOUNT: "dev", "956882123456": "qa"}), events)
    assert [row[0] for row in found] == [other, "dev"]


def test_q2_keeps_the_ten_commonest_errors() -> None:
    """Errors of the same count are cut in the order of their texts."""
    events = [denied("DeleteEndpoint", errorMessage=f"error {number:02}") for number in range(12)]
    found = audit_rows(sql.q2(GROUP), [*events, events[11]])
    assert found == [("error 11", 2), *((f"error {number:02}", 1) for number in range(9))]


@pytest.mark.parametrize("query", [sql.q3, sql.active_users, sql.invoked_events, sql.invoking_users])
def test_lists_have_twenty_rows(query: Sql) -> None:
    """An account with thousands of roles still has a readable panel."""
    calls = [
        api_call(f"InvokeEndpoint{number:02}", userIdentity={"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/{number}"})
        for number in range(25)
    ]
    assert len(audit_rows(query(GROUP), calls)) == 20


HOSTILE = [
    "x'; DROP TABLE events; --",
    'x" OR 1=1',
    "`detail.eventName`",
    "%_",
    "$(id)",
    "a\nb",
    "<script>alert(1)</script>",
    "名前😀",
    "\\",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_user_name_is_one_value(name: str) -> None:
    """It is data in every query, and is shown as it is."""
    user = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/{name}"}
    event = api_call("InvokeEndpoint", userIdentity=user, sourceIPAddress=name)
    shown = name.rpartition("/")[2]
    assert (shown, 1) in audit_rows(sql.active_users(GROUP), [event, *EVENTS])
    assert (name, 1) in audit_rows(sql.q1(GROUP), [event, *EVENTS])
    assert (shown, 2) in audit_rows(sql.invoking_users(GROUP), [event, event, *EVENTS])


def test_a_hostile_name_of_a_group_is_one_name() -> None:
    """The settings refuse such names; the text quotes them nevertheless."""
    assert audit_rows(sql.q1("x` WHERE 1=1 -- "), EVENTS) == EXPECTED[sql.q1]


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/a/b/carol", "carol"),
        (f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:root"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/dan", "dan"),
    ],
)
def test_the_user_is_the_last_part_of_the_arn(arn: str, name: str) -> None:
    """Root has no parts, so its whole ARN is shown."""
    assert audit_rows(sql.active_users(GROUP), [api_call("CreateModel", userIdentity={"arn": arn})]) == [(name, 1)]


def test_an_event_without_an_arn_has_no_user() -> None:
    """A service calls under its own name, without an ARN."""
    service = api_call("CreateModel", userIdentity={"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"})
    assert audit_rows(sql.active_users(GROUP), [service]) == [(None, 1)]
