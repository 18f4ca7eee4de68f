"""A host of SageMaker that does not answer: the call ends, although a throttled call is tried 50 times."""

import pytest
from botocore.exceptions import EndpointConnectionError

from integrations.lineage.graph import Kind
from integrations.lineage.ports import Listed
from integrations.lineage.sagemaker import SageMaker


def test_a_refused_connection_ends_after_three_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server listens on port 1. With 50 tries the test would take minutes, more than its limit."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    store = SageMaker(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(EndpointConnectionError):
        list(store.list(Kind.ARTIFACT, Listed()))
