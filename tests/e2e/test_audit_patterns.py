"""The patterns of the audit log, by TestEventPattern of the emulator."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from integrations.observability.audit import API_CALLS, DELETE_CALLS
from tests.e2e.ministack import running_ministack
from tests.observability.patterns import EVENTS


@pytest.mark.e2e
def test_the_emulator_matches_the_same_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As moto's matcher does in tests/observability."""
    with running_ministack(tmp_path) as emulator:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        events = boto3.client("events")

        def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
            answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
            return bool(answer["Result"])

        found = {
            name: (matches(API_CALLS, event), matches(DELETE_CALLS, event)) for name, (event, *_) in EVENTS.items()
        }
    assert found == {name: (audited, noticed) for name, (_, audited, noticed) in EVENTS.items()}
