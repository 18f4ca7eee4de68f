"""Variables of the environment in a recipe, as DataHub reads them."""

import os
import re
from typing import Any

# ${NAME} or ${NAME:-default} in a text, and $NAME at its beginning.
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}|^\$(\w+)")


def expanded(value: Any) -> Any:
    """Return a value with the variables of the environment in it. One that is not set stays as it is."""
    if isinstance(value, dict):
        return {key: expanded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [expanded(each) for each in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: os.environ.get(found[1] or found[3]) or found[2] or found[0], value)


def first_in(value: Any) -> str:
    """Return the first variable that is still in a value; empty if there is none."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return next((name for each in parts if (name := first_in(each))), "")
    found = _VARIABLE.search(value) if isinstance(value, str) else None
    return found[0] if found else ""
