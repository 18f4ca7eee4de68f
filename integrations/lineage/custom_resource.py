"""The function behind the custom resource of the stack: registers routes at deployment, and never fails one.

It imports the rest inside its functions, so that an error there is a warning too.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

import json
import logging
import os
import ssl
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any, Protocol
from urllib.request import Request, urlopen

PROPERTY = "Registrations"
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
        for warning in _warnings(event):
            warnings.append(warning)
    except Exception as error:  # the lineage is less important than the deployment
        _logger.exception("registering failed")
        warnings.append(f"registering failed: {type(error).__name__}")


def _warnings(event: Mapping[str, Any]) -> Iterator[str]:
    """Do the request, and yield its warnings."""
    import msgspec

    from integrations.lineage.registering import register, unregister
    from integrations.lineage.registration import Registration
    from integrations.lineage.sagemaker import SageMaker

    def of(properties: str) -> tuple[Registration, ...]:
        return msgspec.convert(event.get(properties, {}).get(PROPERTY, []), tuple[Registration, ...])

    wanted, before = of("ResourceProperties"), of("OldResourceProperties")
    places = {(one.route, one.uri) for one in wanted}
    gone = wanted if event["RequestType"] == "Delete" else [one for one in before if (one.route, one.uri) not in places]
    api = SageMaker()
    if gone:
        yield from unregister(api, gone).problems
    if event["RequestType"] != "Delete":
        for outcome in register(api, wanted):
            yield from outcome.problems


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
