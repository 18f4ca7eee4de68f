"""The function behind the custom resource of the stack: registers routes at deployment, and never fails one.

It answers CloudFormation. `requests` does the work.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

import json
import logging
import os
import ssl
from collections.abc import Mapping
from threading import Thread
from typing import Any, Protocol
from urllib.request import Request, urlopen

WARNINGS = "Warnings"
_MAX_WARNING_CHARS = 1000  # an answer has at most 4 KB
_ANSWER_SECS = 30  # kept for the answer
_logger = logging.getLogger(__name__)


class Invocation(Protocol):
    """The part of Lambda's context that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        ...


def handle(event: Mapping[str, Any], context: Invocation) -> None:
    """Do the request of CloudFormation as far as possible, and answer that it succeeded."""
    warnings: list[str] = []
    # SageMaker may throttle for longer than the function lives, and CloudFormation waits for the answer.
    worker = Thread(target=_work, args=(event, warnings), daemon=True)
    worker.start()
    worker.join(max(context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECS, 1))
    if worker.is_alive():
        warnings.append("not every route was registered in time; run capture-forwarder lineage register")
    for warning in warnings:
        _logger.warning(warning)
    _answer(event, "; ".join(warnings))


def _work(event: Mapping[str, Any], warnings: list[str]) -> None:
    try:
        from integrations.lineage.deploying import requests  # noqa: PLC0415 - an error of an import is a warning too

        warnings.extend(requests.warnings(event))
    except Exception as error:  # the lineage is less important than the deployment
        _logger.exception("registering failed")
        warnings.append(f"registering failed: {type(error).__name__}")


def _answer(event: Mapping[str, Any], warnings: str) -> None:
    """Tell CloudFormation that the request succeeded. Lambda invokes the function again if this fails."""
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId") or f"lineage-{event['LogicalResourceId']}",
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        "Data": {WARNINGS: warnings[:_MAX_WARNING_CHARS] or "none"},
    }
    url = event["ResponseURL"]
    if not url.startswith("https://"):
        raise ValueError("the address for the answer is not https")
    # CloudFormation signs the address without a content type.
    request = Request(url, json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT")  # noqa: S310 - checked above
    trust = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    with urlopen(request, timeout=_ANSWER_SECS / 2, context=trust):  # noqa: S310 - checked above
        return
