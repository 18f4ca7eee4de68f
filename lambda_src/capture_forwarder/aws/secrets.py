"""Tokens by reference: the value is in Secrets Manager or Parameter Store, and is read when it is needed."""

import json
import os
from collections.abc import Callable
from functools import cached_property
from math import inf
from threading import TIMEOUT_MAX, Lock
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from capture_forwarder.aws.errors import code_of
from capture_forwarder.aws.no_answer import unanswered
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.domain.delivery import DestinationDenied, DestinationUnavailable
from capture_forwarder.forward.workers import Workers

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_ssm.client import SSMClient

_MAX_AGE_SECS = 300
# A token that the destination refuses is read again, for a rotated secret, but not by every request.
_REFRESH_SECS = 60
# The requests in flight share the result of a read that failed. With a good token there is more time.
_FAILED_SECS = 5
_FAILED_WITH_TOKEN_SECS = 60
_LAST_LATIN_1 = "\xff"
# A read takes milliseconds; the time of a request is for the destination.
_READ_SECS = 10.0
_SHORT = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
_SERVER_ERROR = 500
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
_PASSING = frozenset({"RequestLimitExceeded", "TooManyRequestsException", "RequestTimeout"})
# The errors that botocore raises before it asks a service, and that no repeat corrects.
_OWN = frozenset(
    {"NoCredentialsError", "NoRegionError", "ParamValidationError", "PartialCredentialsError", "ProfileNotFound"}
)
_CREATE = "create it in the function's account and region, or correct the reference"
_ALLOW = "allow the function to read it, and to use its key (secret_kms_key_arn)"
_KEY = "look at its KMS key: it must be enabled, and the function must be allowed to decrypt with it"
_CREDENTIALS = "give AWS credentials to this process, such as by AWS_PROFILE"
_ADVICE = {
    "AccessDenied": _ALLOW,
    "AccessDeniedException": _ALLOW,
    "DecryptionFailure": _KEY,
    "InvalidKeyId": _KEY,
    "NoCredentialsError": _CREDENTIALS,
    "NoRegionError": "set AWS_DEFAULT_REGION to the region of the secret",
    "PartialCredentialsError": _CREDENTIALS,
    "ProfileNotFound": "correct AWS_PROFILE, or add the profile",
    "InvalidRequestException": "restore it if it is marked for deletion",
    "ParameterNotFound": _CREATE,
    "ParameterVersionNotFound": _CREATE,
    "ResourceNotFoundException": _CREATE,
}


# Threads must not share a session while it makes a client:
# https://docs.aws.amazon.com/boto3/latest/guide/session.html#multithreading-or-multiprocessing-with-sessions
_making = Lock()


class SecretToken:
    """The token that `reference` names; `now` gives seconds since the epoch, for its age.

    The threads of a process read it one at a time, and share the result. While the store is unavailable, the last
    good token is used.
    """

    def __init__(self, reference: SecretReference, now: Callable[[], float] = time) -> None:
        self._secret = reference
        self._now = now
        self._reading = Lock()
        self._workers = Workers(1, "secret")
        self._token = ""
        self._read_at = self._refreshed_at = self._failed_at = -inf
        self._failure: DestinationUnavailable | None = None

    def __call__(self, *, refresh: bool = False, within_secs: float = inf) -> str:
        """Return the token, at most five minutes old unless the store is unavailable.

        `refresh` says that the destination refuses the token: it is read again, at most once a minute. All waits
        together end `within_secs`. Raises `DestinationUnavailable` without a token, or if none but the refused one can
        be had, and `DestinationDenied` if a person must act. Its sentence never shows the value.
        """
        if not refresh and self._is_younger(self._read_at, _MAX_AGE_SECS):
            return self._token
        ends_at = monotonic() + within_secs
        if not self._reading.acquire(timeout=max(0.0, min(within_secs, TIMEOUT_MAX))):
            return self._last(self._unavailable("another read of it has not ended in time"), refused=refresh)
        try:
            return self._shared(ends_at, refresh=refresh)
        finally:
            self._reading.release()

    def _shared(self, ends_at: float, *, refresh: bool) -> str:
        """Return the token that another thread has just read, or read it."""
        if self._failure and self._is_younger(
            self._failed_at, _FAILED_WITH_TOKEN_SECS if self._token else _FAILED_SECS
        ):
            return self._last(self._failure, refused=refresh)
        read_at, max_secs = (self._refreshed_at, _REFRESH_SECS) if refresh else (self._read_at, _MAX_AGE_SECS)
        if self._is_younger(read_at, max_secs):
            return self._token
        try:
            self._token = self._read(ends_at - monotonic())
        except DestinationUnavailable as failure:
            self._failure, self._failed_at = failure, self._now()
            return self._last(failure, refused=refresh)
        self._failure = None
        self._read_at = self._now()
        self._refreshed_at = self._read_at if refresh else self._refreshed_at
        return self._token

    def _last(self, failure: DestinationUnavailable, *, refused: bool) -> str:
        """Return the last good token, unless the destination refuses it or a person must act."""
        if refused or not self._token or isinstance(failure, DestinationDenied):
            raise failure
        return self._token

    def _is_younger(self, moment: float, secs: float) -> bool:
        return self._now() - moment < secs

    def _read(self, within_secs: float) -> str:
        try:
            value = self._workers.call(min(within_secs, _READ_SECS), self._value_in_store)
        except TimeoutError as error:
            raise self._unavailable("did not come in time") from error
        except Exception as error:  # damaged answers raise errors of many kinds
            raise self._failure_of(error) from error
        if isinstance(value, bytes):
            raise self._denied("is binary; store the API's token there as text")
        return self._checked(self._token_in(value))

    def _value_in_store(self) -> str | bytes:
        name = self._secret.name
        match self._secret.kind:
            case SecretKind.ENVIRONMENT:
                return os.environ.get(name, "")
            case SecretKind.PARAMETER_STORE:
                return self._parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
            case SecretKind.SECRETS_MANAGER:
                secret = self._secrets.get_secret_value(SecretId=name)
                return secret["SecretString"] if "SecretString" in secret else secret["SecretBinary"]

    def _failure_of(self, error: Exception) -> DestinationUnavailable:
        code = code_of(error)
        if _is_passing(error):
            why = unanswered(error)
            return self._unavailable(f"cannot be read now: {why}" if why else f"cannot be read now ({code})")
        return self._denied(f"cannot be read ({code}); {_ADVICE.get(code, 'look at the secret and at the role')}")

    def _token_in(self, text: str) -> str:
        """Return the token in the text of a secret: the whole text, unless it is JSON or the reference has a key."""
        key = self._secret.key
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            if key is None:
                return text.strip()
            raise self._denied("is no JSON object; store one, or remove #KEY from the reference") from None
        token = self._value(document, key)
        if not isinstance(token, str):
            raise self._denied("holds a value that is no text; store the API's token there as JSON text, in quotes")
        return token.strip()

    def _value(self, document: Any, key: str | None) -> Any:
        if not isinstance(document, dict):
            raise self._denied("is JSON, but no object; store an object with the API's token, or the token alone")
        if key is None and len(document) != 1:
            raise self._denied(
                f"is a JSON object of {len(document)} values; add #KEY to the reference, for one of them"
            )
        if key is not None and key not in document:
            raise self._denied(f"has no key {key}; correct the key in the reference, or store the API's token there")
        return next(iter(document.values())) if key is None else document[key]

    def _checked(self, token: str) -> str:
        if not token:
            raise self._denied("is empty; put the API's token there")
        if not token.isprintable() or max(token) > _LAST_LATIN_1:
            raise self._denied(
                "is no token: it holds characters that a header must not have; put the API's token there"
            )
        return token

    def _denied(self, why: str) -> DestinationDenied:
        return DestinationDenied(f"the secret {self._secret.kind}:{self._secret.name} {why}")

    def _unavailable(self, why: str) -> DestinationUnavailable:
        return DestinationUnavailable(f"the secret {self._secret.kind}:{self._secret.name} {why}")

    # Made at the first read: a cold start needs neither client.

    @cached_property
    def _parameters(self) -> "SSMClient":
        with _making:
            return aws_session().client("ssm", config=CONFIG.merge(_SHORT))

    @cached_property
    def _secrets(self) -> "SecretsManagerClient":
        with _making:
            return aws_session().client("secretsmanager", config=CONFIG.merge(_SHORT))


def _is_passing(error: Exception) -> bool:
    """Tell whether the same read may succeed later without a person: throttling, an error of the store, no answer."""
    if not isinstance(error, ClientError):
        return code_of(error) not in _OWN
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or code_of(error) in _PASSING or "Throttl" in code_of(error)
