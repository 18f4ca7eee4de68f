"""Events for the patterns of EventBridge, and a reader of the patterns of metric filters, as far as ours go.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.observability.events import api_call, delivered, denied, sample

# Name: the event, whether it is audited, and whether it makes a notice.
EVENTS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "the page's ListTags": (delivered(sample("list-tags")), True, False),
    "DeleteEndpoint": (delivered(api_call("DeleteEndpoint")), True, True),
    "a denied DeleteEndpoint": (delivered(denied("DeleteEndpoint")), True, True),
    "a denied CreateModel": (delivered(denied("CreateModel")), True, False),
    "Delete of another service": (
        delivered(api_call("DeleteTable", eventSource="dynamodb.amazonaws.com"), source="aws.dynamodb"),
        False,
        False,
    ),
    "a name that holds Delete": (delivered(api_call("BatchDeleteFeatures")), True, False),
    "a state of an endpoint": (
        delivered(api_call("x")) | {"detail-type": "SageMaker Endpoint State Change", "detail": {}},
        False,
        False,
    ),
}
_COMPARISON = re.compile(r'\(\$\.([\w.]+) = "([^"]*)"\)')


def matched(pattern: str, event: Mapping[str, Any]) -> bool:
    """Tell whether a filter counts the event: `pattern` is comparisons joined by `&&`."""
    comparisons = pattern.removeprefix("{ ").removesuffix(" }").split(" && ")
    for comparison in comparisons:
        found = _COMPARISON.fullmatch(comparison)
        assert found, comparison
        value: Any = event
        for name in found[1].split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if not isinstance(value, str) or not fnmatchcase(value, found[2]):
            return False
    return True
