"""The reason of a failure of Sumo Logic, as one sentence with the next step."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

_URL = re.compile(r"https?://\S+")
_LONGEST = 300
_ADVICE = {
    401: "it refuses the access id or the access key; check SUMOLOGIC_ACCESSID and SUMOLOGIC_ACCESSKEY, and that "
    "SUMOLOGIC_BASE_URL is the API of your deployment",
    403: "the access key is not allowed to do so; give its role the capabilities to manage collectors, fields, field "
    "extraction rules and monitors",
    404: "there is no such object or address; check SUMOLOGIC_BASE_URL, and run this again",
    409: "another object has this name, or someone changed this one meanwhile; run this again",
    412: "someone changed it meanwhile; run this again",
    429: "it limits the number of calls; wait a minute, and run this again",
}


class SumoFailure(Exception):
    """A call of Sumo Logic failed. Its text never has the URL of a source, because that holds a token."""


@contextmanager
def explained(action: str) -> Iterator[None]:
    """Turn the errors of a call into `SumoFailure`; `action` describes the call, such as "list collectors"."""
    try:
        yield
    except requests.HTTPError as error:
        raise SumoFailure(f"Sumo Logic answers {_answer(error.response)} to {action}") from error
    except requests.RequestException as error:
        raise SumoFailure(
            f"Sumo Logic cannot be reached to {action} ({type(error).__name__}); check SUMOLOGIC_BASE_URL and the "
            "network, and run this again"
        ) from error
    except (LookupError, TypeError, ValueError) as error:
        raise SumoFailure(
            f"the answer to {action} is not one of Sumo Logic's API; check SUMOLOGIC_BASE_URL, and proxies on the way"
        ) from error


def _answer(response: requests.Response) -> str:
    status = response.status_code
    if advice := _ADVICE.get(status):
        return f"{status}: {advice}; it refused"
    if status >= requests.codes.internal_server_error:
        return f"{status}; run this again later; it failed"
    return f"{status} ({_reason(response)})"


def _reason(response: requests.Response) -> str:
    """Return the code and the message of an answer, without addresses and not too long."""
    try:
        document: Any = response.json()
        errors = document.get("errors") or [document]
        text = "; ".join(f"{each.get('code', '')} {each.get('message', '')}".strip() for each in errors)
    except (AttributeError, TypeError, ValueError):
        text = "without a reason"
    return _URL.sub("<URL>", text)[:_LONGEST]
