"""Tokens by reference: the value is in Secrets Manager or Parameter Store, and is read when it is needed."""

import json
import os
from functools import cached_property
from typing import Any

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from capture_forwarder.aws.session import CONFIG
from capture_forwarder.configuration.secret_reference import SecretKind, SecretReference
from capture_forwarder.domain.delivery import DestinationDenied

_MAX_AGE_SECS = 300
_LAST_LATIN_1 = "\xff"


class SecretToken:
    """The token that `reference` names."""

    def __init__(self, reference: SecretReference) -> None:
        self._secret = reference

    def __call__(self, *, refresh: bool = False) -> str:
        """Return the token, at most five minutes old, or read it again.

        Raises `DestinationDenied` without a token that a header can hold. Its sentence never shows the value.
        """
        try:
            value = self._read(refresh)
        except GetParameterError as error:
            cause = type(error.__cause__ or error.__context__ or error).__name__
            why = f"cannot be read ({cause}); create it, or allow the function to read it"
            raise self._denied(why) from error
        if isinstance(value, bytes):
            raise self._denied("is binary; store the API's token there as text")
        return self._checked(self._token_in(value))

    def _read(self, refresh: bool) -> str | bytes:  # noqa: FBT001 - private, named at its one call
        name = self._secret.name
        match self._secret.kind:
            case SecretKind.ENVIRONMENT:
                return os.environ.get(name, "")
            case SecretKind.PARAMETER_STORE:
                return str(self._parameters.get(name, decrypt=True, max_age=_MAX_AGE_SECS, force_fetch=refresh))
            case SecretKind.SECRETS_MANAGER:
                value = self._secrets.get(name, max_age=_MAX_AGE_SECS, force_fetch=refresh)
                return value if isinstance(value, bytes) else str(value)

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

    # Made at the first request: a cold start needs neither client.

    @cached_property
    def _parameters(self) -> SSMProvider:
        return SSMProvider(boto_config=CONFIG)

    @cached_property
    def _secrets(self) -> SecretsProvider:
        return SecretsProvider(boto_config=CONFIG)
