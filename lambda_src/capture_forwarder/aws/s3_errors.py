"""The meaning of an error of S3 for the requested object: gone, superseded, unavailable, or denied.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. A status without a code makes no object gone
or superseded: it may be the answer of a gateway between the function and S3.
"""

import re

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from capture_forwarder.aws.errors import code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.object_names import is_bucket_name, key_problem
from capture_forwarder.domain.capture import CaptureObject
from capture_forwarder.domain.delivery import (
    Reason,
    RejectionCode,
    SourceDenied,
    SourceUnavailable,
    Superseded,
)

_GONE = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"}  # the last is the code of a delete marker
# Only a name that no object can have gets these, because no other part of the request comes from the event.
_NO_SUCH_NAME = {"InvalidArgument", "InvalidURI", "KeyTooLongError"}
_ELSEWHERE = {
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "301",
    "302",
}
_PASSING = {
    "BadDigest",
    "ConditionalRequestConflict",
    "ExpiredToken",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "SlowDown",
    "TemporaryRedirect",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TokenRefreshRequired",
    "KMS.DependencyTimeoutException",
    "KMS.KMSInternalException",
    "KMS.KeyUnavailableException",
    "KMS.LimitExceededException",
    "KMS.ThrottlingException",
}
# 404 and 412 have no code of S3 here, because those were recognised before.
_PASSING_STATUSES = {0, 200, 307, 404, 408, 409, 412, 416, 425, 429}
_SERVER_ERRORS = 500
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)

_CREDENTIALS = "S3 does not know the function's credentials; look at the function's role, and deploy the stack again"
_AWS_SUPPORT = "AWS closed the bucket or its account; ask its owner, or AWS Support"
_KMS_STATE = "the object's KMS key is disabled or waits for its deletion; enable it"
_ADVICE = {
    "NoSuchBucket": "the bucket does not exist; create it, or remove its routes",
    "InvalidBucketName": "the bucket does not exist; correct its routes",
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "AllAccessDisabled": _AWS_SUPPORT,
    "AccountProblem": _AWS_SUPPORT,
    "NotSignedUp": _AWS_SUPPORT,
    "InvalidRequest": "if the object is encrypted with a customer's key (SSE-C), store it with SSE-S3 or SSE-KMS",
    "KMS.DisabledException": _KMS_STATE,
    "KMS.InvalidStateException": _KMS_STATE,
    "KMS.KMSInvalidStateException": _KMS_STATE,
    "KMS.NotFoundException": "the object's KMS key does not exist; restore the key, or the object from a copy",
}
_ANY_ADVICE = "correct the permissions or the configuration of the bucket"

_HEADER_VALUE = re.compile(r"[!#-~]+")


def impossible_name(source: CaptureObject) -> Reason | None:
    """Return the reason why S3 can have no such object: a header or URL cannot carry its name; else `None`.

    An event of S3 never names such an object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    named = [one for one in (source.etag, source.version_id) if one]
    if (
        is_bucket_name(source.bucket)
        and key_problem(source.key) is None
        and all(_HEADER_VALUE.fullmatch(one) for one in named)
    ):
        return None
    return _no_such_name()


def _no_such_name() -> Reason:
    # The name is not repeated: it may hold anything.
    return Reason(RejectionCode.OBJECT_GONE, "S3 cannot have an object with this bucket, key, etag or version id")


def outcome(source: CaptureObject, error: Exception, *, region: str, owner: str | None) -> Reason | Superseded:
    """Return the permanent failure that `error` is.

    Raises `SourceDenied` if a person must act, and `SourceUnavailable` if the next try may succeed. `region` is that of
    the client, `owner` the account that the bucket must belong to.
    """
    code = code_of(error)
    if isinstance(error, ParamValidationError) or code in _NO_SUCH_NAME or "UnicodeEncodeError" in code:
        return _no_such_name()
    if code in _GONE:
        return Reason(RejectionCode.OBJECT_GONE, f"{source.uri} does not exist (never existed, or deleted)")
    if code == "InvalidObjectState":
        return Reason(RejectionCode.OBJECT_ARCHIVED, f"{source.uri} is archived; restore it and send its event again")
    if code == "PreconditionFailed":
        return Superseded()
    if isinstance(error, _NO_CREDENTIALS):
        raise SourceDenied(
            f"{source.uri}: AWS credentials are missing or incomplete ({code}); give them to this process"
        ) from error
    if not isinstance(error, ClientError):
        raise unavailable(source, error) from error
    if code in _PASSING or (code not in _ADVICE and _is_passing(_status(error))):
        raise SourceUnavailable(f"{source.uri}: S3 answers {code}; a later try may succeed") from error
    raise SourceDenied(f"{source.uri}: S3 answers {code}; {_advice(code, error, region, owner)}") from error


def unavailable(source: CaptureObject, error: Exception) -> SourceUnavailable:
    """Return the failure of a call, or of a stream, that S3 did not answer in full."""
    why = unanswered(error) or f"reading failed with {code_of(error)}; a later try may succeed"
    return SourceUnavailable(f"{source.uri}: {why}")


def object_size(error: ClientError) -> int | None:
    """Return the size of the object in bytes, if S3 names it because no byte is in the range; else `None`.

    https://www.rfc-editor.org/rfc/rfc9110#section-15.5.17
    """
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    named = re.fullmatch(r"bytes \*/([0-9]+)", str(headers.get("content-range", "")), re.ASCII)
    size = named[1] if named else str(error.response.get("Error", {}).get("ActualObjectSize", ""))
    return int(size) if re.fullmatch("[0-9]{1,15}", size) else None


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_passing(status: int) -> bool:
    return status in _PASSING_STATUSES or status >= _SERVER_ERRORS


def _advice(code: str, error: ClientError, region: str, owner: str | None) -> str:
    """Return the next step for a person."""
    described = error.response.get("Error", {})
    if code in _ELSEWHERE:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        there = described.get("Region") or headers.get("x-amz-bucket-region")
        place = f"in {there}" if there else "in another region"
        return f"the bucket is {place}, and the function runs in {region}; deploy a stack in the bucket's region"
    if "kms:" in str(described.get("Message")):
        return "allow the function kms:Decrypt on the bucket's key, in its role and in the key's policy"
    if code in {"AccessDenied", "403"}:
        account = f"; the bucket must belong to the account {owner}" if owner else ""
        return (
            f"allow the function s3:GetObject there, and kms:Decrypt on the bucket's key{account}; "
            "without s3:ListBucket S3 answers so for a missing key, too"
        )
    return _ADVICE.get(code, _ANY_ADVICE)
