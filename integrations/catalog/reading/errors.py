"""The errors of calls to AWS as problems: the call, the place, and the next step."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from integrations.catalog.nodes import Problem, Severity

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_MISSING = frozenset({"ResourceNotFound", "ResourceNotFoundException"})
# The codes by which every service refuses the credentials: no other call can succeed.
_REFUSED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# Errors of botocore that concern one call. All others, such as missing credentials, would meet every call.
_OF_ONE_CALL = (
    ResponseParserError,
    exceptions.ParamValidationError,
    exceptions.ReadTimeoutError,
    exceptions.ConnectionClosedError,
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
)
_MAX_MESSAGE_CHARS = 300


MALFORMED = "Malformed answer"
REPORT = "the entity is skipped; if AWS really answers this, report it as a bug of capture-forwarder"


def code_of(error: Exception) -> str:
    """Return the code that AWS answered, or the name of the error if no service answered."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "an error without code")
    return type(error).__name__


def is_missing(error: Exception) -> bool:
    """Tell whether AWS says that the entity does not exist: for most entities by a ValidationException."""
    code = code_of(error)
    return code in _MISSING or (code == "ValidationException" and "could not find" in _message(error).lower())


def ends_the_run(error: Exception) -> bool:
    """Tell whether every other call would fail too: no credentials, no region, no connection, or refused credentials.

    A role that cannot be assumed is refused by STS with AccessDenied.
    """
    if isinstance(error, ClientError):
        return code_of(error) in _REFUSED or error.operation_name == "AssumeRole"
    return isinstance(error, BotoCoreError) and not isinstance(error, _OF_ONE_CALL)


def problem_of(error: Exception, operation: str, place: str) -> Problem:
    """Return the failure of one call for `place`, the name of an entity or of a listing."""
    if not isinstance(error, ClientError | BotoCoreError) or isinstance(error, ResponseParserError):
        advice = f"botocore cannot read the answer of {operation}: {code_of(error)}: {_message(error)}; {REPORT}"
        return Problem(Severity.FAILURE, MALFORMED, place, advice)
    title = f"{operation} failed: {code_of(error)}"
    return Problem(Severity.FAILURE, title, place, _advice(error, operation))


def _advice(error: Exception, operation: str) -> str:
    code = code_of(error)
    if isinstance(error, ClientError) and error.operation_name == "AssumeRole":
        return f"correct aws_role, or let its trust policy allow these credentials: {_message(error)}"
    if ends_the_run(error):
        return f"correct the credentials, region, endpoint or proxy of the recipe, and run again: {_message(error)}"
    if code in DENIED:
        return f"allow sagemaker:{operation}, as `capture-forwarder catalog iam-policy` prints it: {_message(error)}"
    if code in THROTTLED:
        return "AWS throttled the call for minutes; run again later, or with a smaller max_workers"
    if is_missing(error):
        return "it was deleted since it was listed; the next run leaves it out"
    return f"run again; if the error stays, report it: {_message(error)}"


def _message(error: Exception) -> str:
    text = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
    return str(text)[:_MAX_MESSAGE_CHARS]
