"""Why AWS cannot be used from here, as one sentence with the next step: a wrong set-up, or no answer."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from capture_forwarder.aws.errors import AwsError, TimedOut, code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.failures import causes

_LOG_IN = "log in (aws sso login), or set AWS_PROFILE to a profile with credentials"
# The errors that boto3 raises before it sends a request, and that of an answer that it cannot read.
_SET_UP: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (exceptions.NoRegionError, "the AWS region is missing; set AWS_DEFAULT_REGION, or a region in the AWS profile"),
    (exceptions.InvalidRegionError, "the AWS region is no region; correct AWS_DEFAULT_REGION, or the AWS profile"),
    (exceptions.ProfileNotFound, "the AWS profile does not exist; correct AWS_PROFILE, or add the profile"),
    (exceptions.PartialCredentialsError, f"AWS credentials are incomplete; {_LOG_IN}"),
    (
        (
            exceptions.UnauthorizedSSOTokenError,
            exceptions.SSOTokenLoadError,
            exceptions.TokenRetrievalError,
            exceptions.CredentialRetrievalError,
        ),
        f"AWS credentials cannot be read, or the login has expired; {_LOG_IN}",
    ),
    (exceptions.NoCredentialsError, f"AWS credentials are missing; {_LOG_IN}"),
    (
        (exceptions.ConfigNotFound, exceptions.ConfigParseError, exceptions.InvalidConfigError),
        "the AWS configuration cannot be read; correct ~/.aws/config, or the file that AWS_CONFIG_FILE names",
    ),
    (ResponseParserError, "the answer is not one of AWS; check AWS_ENDPOINT_URL, and proxies on the way"),
)
# The codes by which every service refuses the credentials.
_REFUSED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NO_URL = "Invalid endpoint"  # botocore's words for a ValueError


def aws_sentence(error: BaseException) -> str | None:
    """Return why AWS cannot be used from here; `None` if `error` has another cause, such as a permission."""
    found = list(causes(error))
    for each in found:
        for kinds, sentence in _SET_UP:
            if isinstance(each, kinds):
                return sentence
        if isinstance(each, ClientError) and code_of(each) in _REFUSED:
            return f"AWS refuses the credentials ({code_of(each)}); they may have expired: {_LOG_IN}"
        if isinstance(each, ValueError) and str(each).startswith(_NO_URL):
            return "AWS_ENDPOINT_URL is no URL; correct it, or remove it"
        if isinstance(each, (BotoCoreError, TimedOut)):
            return unanswered(each)
    return None


def unexpected_answer(error: BaseException) -> str | None:
    """Return the sentence for an error of AWS that no command expects; `None` for other errors."""
    if not isinstance(error, AwsError):
        return None
    call = error.operation_name if isinstance(error, ClientError) else "a call"
    return f"AWS answers {code_of(error)} to {call}; check your permissions, and the names in the call"
