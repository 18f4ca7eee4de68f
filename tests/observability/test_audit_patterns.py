"""The patterns of the audit log: of EventBridge by moto's matcher, and of metric filters."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from moto.events.models import EventPattern

from capture_forwarder.configuration.observability import AlertName
from integrations.observability.alerts import ALERTS
from integrations.observability.audit import API_CALLS, AUDIT_METRICS, DELETE_CALLS, NOTICE, NOTICE_PATHS
from tests.observability.events import api_call, delivered, denied, sample
from tests.observability.patterns import EVENTS, matched


@pytest.mark.parametrize("name", EVENTS)
def test_a_rule_takes_the_calls_that_it_should(name: str) -> None:
    """All calls of SageMaker are audited, and its delete calls, refused ones too, make a notice."""
    event, audited, noticed = EVENTS[name]
    assert [_matches(API_CALLS, event), _matches(DELETE_CALLS, event)] == [audited, noticed]


def _matches(pattern: Mapping[str, Any], event: Any) -> bool:
    return bool(EventPattern.load(json.dumps(pattern)).matches_event(event))


@pytest.mark.parametrize(
    ("event", "counted"),
    [
        (sample("list-tags"), set()),
        (api_call("DeleteEndpoint"), {"DeleteCalls"}),
        (denied("DeleteEndpoint"), {"DeleteCalls", "DeniedCalls"}),
        (denied("CreateModel", errorCode="AccessDenied"), {"DeniedCalls"}),
        (denied("CreateModel", errorCode="ValidationException"), set()),
        (denied("DeleteTable", eventSource="dynamodb.amazonaws.com"), set()),
        (api_call("UndeleteEndpoint"), set()),
    ],
)
def test_a_filter_counts_the_calls_that_it_should(event: dict[str, Any], counted: set[str]) -> None:
    """Read as CloudWatch reads the pattern of a filter."""
    assert {each.name for each in AUDIT_METRICS if matched(each.pattern, delivered(event))} == counted


def test_a_notice_names_every_path_that_it_reads() -> None:
    """A name without a path would be sent as it stands."""
    assert all(f"<{name}>" in NOTICE for name in NOTICE_PATHS)
    assert NOTICE.count("<") == len(NOTICE_PATHS)
    assert isinstance(json.loads(NOTICE), str)


def test_a_notice_names_the_section_of_the_runbook() -> None:
    """The one of the alarm on the same calls."""
    assert f"docs/runbook.md, {ALERTS[AlertName.DELETE_CALLS].section}." in NOTICE
