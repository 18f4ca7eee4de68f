"""One request of CloudFormation to the custom resource: register the routes, or mark them as stopped."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from integrations.lineage.registering.registration import PROPERTY, Registration
from integrations.lineage.registering.routes import register, unregister
from integrations.lineage.sagemaker import SageMaker


def warnings(event: Mapping[str, Any]) -> Iterator[str]:
    """Do the request, and yield a sentence for each part that was not done."""
    wanted, before = _routes(event, "ResourceProperties"), _routes(event, "OldResourceProperties")
    is_end = event["RequestType"] == "Delete"
    places = {(one.route, one.uri) for one in wanted}
    gone = wanted if is_end else [one for one in before if (one.route, one.uri) not in places]
    api = SageMaker()
    if gone:
        yield from unregister(api, gone).problems
    for outcome in register(api, () if is_end else wanted):
        yield from outcome.problems


def _routes(event: Mapping[str, Any], properties: str) -> tuple[Registration, ...]:
    return msgspec.convert(event.get(properties, {}).get(PROPERTY, []), tuple[Registration, ...])
