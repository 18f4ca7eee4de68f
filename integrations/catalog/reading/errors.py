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
_OF_ONE_CALL = (exceptions.ParamValidationError,)


class NoList(Exception):
    """The answer to a listing has no list: an account without entities has an empty one."""


# So do these, if the host has answered before. Else it does not answer at all, or is none of AWS.
_OF_ONE_ANSWER = (
    NoList,
    ResponseParserError,
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


def ends_the_run(error: Exception, *, is_first: bool) -> bool:
    """Tell whether every other call would fail too: no credentials, no connection, or refused credentials.

    A role that cannot be assumed is refused by STS with AccessDenied. `is_first` says that the host has not answered
    before.
    """
    if isinstance(error, ClientError):
        return code_of(error) in _REFUSED or error.operation_name == "AssumeRole"
    if isinstance(error, _OF_ONE_ANSWER):
        return is_first
    return isinstance(error, BotoCoreError) and not isinstance(error, _OF_ONE_CALL)


def problem_of(error: Exception, operation: str, place: str, *, ended: bool) -> Problem:
    """Return the failure of one call for `place`, the name of an entity or of a listing; `ended` if it ends the run."""
    known = isinstance(error, ClientError | BotoCoreError) and not isinstance(error, ResponseParserError)
    if not known and not ended:
        advice = f"botocore cannot read the answer of {operation} ({code_of(error)}); {REPORT}"
        return Problem(Severity.FAILURE, MALFORMED, place, advice, _message(error))
    title = f"{operation} failed: {code_of(error)}"
    return Problem(Severity.FAILURE, title, place, _advice(error, operation, ended=ended), _message(error))


def _advice(error: Exception, operation: str, *, ended: bool) -> str:
    code = code_of(error)
    if isinstance(error, ClientError) and error.operation_name == "AssumeRole":
        return "correct aws_role, or let its trust policy allow these credentials"
    if ended:
        return "correct the credentials, region, endpoint or proxy of the recipe, and run again"
    if code in DENIED:
        return f"allow sagemaker:{operation}, as `capture-forwarder catalog iam-policy` prints it"
    if code in THROTTLED:
        return "AWS throttled the call for minutes; run again later, or with a smaller max_workers"
    if is_missing(error):
        return "it was deleted since it was listed; the next run leaves it out"
    return "run again; if the error stays, report it"


def _message(error: Exception) -> str:
    text = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
    return str(text)[:_MAX_MESSAGE_CHARS]
