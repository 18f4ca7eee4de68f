"""The client of Sumo Logic's API: its own, with time limits, and with repeats of calls that were one too many."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from capture_ops.terminal.errors import CommandError, ExitCode
from capture_ops.terminal.extras import missing

# The names that Sumo Logic's Terraform provider has.
ACCESS_ID = "SUMOLOGIC_ACCESSID"
ACCESS_KEY = "SUMOLOGIC_ACCESSKEY"
BASE_URL = "SUMOLOGIC_BASE_URL"
_TIMEOUT_SECS = (5, 30)
_REPEATS = 5
_PAUSE_SECS = 0.5


class _Adapter(HTTPAdapter):
    """Ends every call in time. Without it the client waits for ever."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or _TIMEOUT_SECS
        return super().send(request, *args, **options)


def connect(environment: Mapping[str, str], pause_secs: float = _PAUSE_SECS) -> Any:
    """Return Sumo Logic's own client; the pause after a 429 begins with `pause_secs` and doubles.

    Raises `CommandError` without the extra, or without credentials or the address in `environment`.
    """
    try:
        from sumologic import SumoLogic
    except ModuleNotFoundError as error:
        raise CommandError(missing("sumo")) from error
    absent = [name for name in (ACCESS_ID, ACCESS_KEY, BASE_URL) if not environment.get(name)]
    if absent:
        raise CommandError(
            f"set {', '.join(absent)} in the environment: the access id and key of Sumo Logic, and the address of its "
            "API, such as https://api.eu.sumologic.com/api",
            ExitCode.UNAVAILABLE,
        )
    base = environment[BASE_URL].rstrip("/")
    address = urlsplit(base)
    if (address.scheme, address.hostname) != ("http", "127.0.0.1") and address.scheme != "https":
        raise CommandError(f"{BASE_URL}: write https://, because the access key is sent there")
    client = SumoLogic(environment[ACCESS_ID], environment[ACCESS_KEY], endpoint=base.removesuffix("/v1"))
    # A call that was one too many was not done, so every method may be repeated.
    repeats = Retry(
        total=_REPEATS,
        connect=2,
        read=0,
        redirect=0,
        status=_REPEATS,
        other=0,
        status_forcelist=(requests.codes.too_many_requests,),
        allowed_methods=None,
        backoff_factor=pause_secs,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        client.session.mount(scheme, _Adapter(max_retries=repeats))
    return client
