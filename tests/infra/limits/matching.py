"""Event patterns, matched as EventBridge matches them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import re
from collections.abc import Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Tell whether an event passes a pattern of exact values, prefixes, suffixes and wildcards."""
    return all(
        matches(wanted, event[name]) if isinstance(wanted, Mapping) else any(_fits(one, event[name]) for one in wanted)
        for name, wanted in pattern.items()
    )


def _fits(wanted: Any, value: str) -> bool:
    match wanted:
        case {"prefix": prefix}:
            return value.startswith(prefix)
        case {"suffix": suffix}:
            return value.endswith(suffix)
        case {"wildcard": wildcard}:
            return re.fullmatch(re.escape(wildcard).replace(r"\*", ".*"), value) is not None
        case str():
            return bool(value == wanted)
        case _:
            raise NotImplementedError(str(wanted))


def new_object(bucket: str, key: str, account: str = "123456789012") -> dict[str, Any]:
    """Return the parts of the event of a new object that patterns look at."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"source": "aws.s3", "detail-type": "Object Created", "account": account, "detail": detail}
