"""Why a request to AWS had no answer, as one sentence with the next step."""

from botocore import exceptions

from capture_forwarder.aws.errors import TimedOut
from capture_forwarder.configuration.addresses import proxy_origin
from capture_forwarder.failures import Failure, failure_of

_ADVICE = {
    Failure.NO_ADDRESS: "check the network, the region and AWS_ENDPOINT_URL",
    Failure.REFUSED: "check that a server runs there, and AWS_ENDPOINT_URL",
    Failure.UNTRUSTED: "name the authority that signed it in AWS_CA_BUNDLE",
    Failure.NO_TLS: "check http or https in AWS_ENDPOINT_URL",
}
_PROXY_ADVICE = "check HTTPS_PROXY and HTTP_PROXY, and that the proxy runs"
_BY_TYPE: dict[type[BaseException], Failure] = {
    TimedOut: Failure.LATE,
    exceptions.ConnectTimeoutError: Failure.LATE,
    exceptions.ReadTimeoutError: Failure.LATE,
    exceptions.ConnectionClosedError: Failure.CLOSED,
    exceptions.SSLError: Failure.UNTRUSTED,
    exceptions.EndpointConnectionError: Failure.NO_ROUTE,
}


def unanswered(error: BaseException) -> str | None:
    """Return the sentence for a request without an answer; `None` for another error.

    botocore keeps the cause, and the URL of the host or the proxy, as arguments of its error. The URL comes from the
    environment and may hold a password, so only its scheme, host and port are shown.
    """
    if isinstance(error, exceptions.ClientError):
        return None  # it is an answer
    arguments = getattr(error, "kwargs", {})
    inner = arguments.get("error")
    failure = failure_of(inner) if isinstance(inner, BaseException) else None
    failure = failure or failure_of(error) or _BY_TYPE.get(type(error))
    if failure is None:
        return None
    if proxy := arguments.get("proxy_url"):
        return f"AWS through the proxy {proxy_origin(proxy)}: {failure.happened}; {_PROXY_ADVICE}"
    host = proxy_origin(arguments["endpoint_url"]) if arguments.get("endpoint_url") else "AWS"
    return f"{host}: {failure.happened}; {_ADVICE.get(failure, failure.advice)}"
