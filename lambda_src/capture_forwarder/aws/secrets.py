"""Tokens by reference: the value is in Secrets Manager or Parameter Store, and is read when it is needed."""

import os
from functools import cached_property

from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from capture_forwarder.aws.session import CONFIG
from capture_forwarder.domain.delivery import DestinationDenied

_MAX_AGE_SECS = 300


class SecretToken:
    """The token that `reference` names: `secretsmanager:NAME`, `ssm:/NAME` or `env:VARIABLE`."""

    def __init__(self, reference: str) -> None:
        self._kind, _, self._name = reference.partition(":")
        self._reference = reference

    def __call__(self, *, refresh: bool = False) -> str:
        """Return the token, at most five minutes old, or read it again. Raises `DestinationDenied` without a token."""
        try:
            token = self._read(refresh).strip()
        except GetParameterError as error:
            cause = type(error.__cause__ or error.__context__ or error).__name__
            raise DestinationDenied(
                f"the secret {self._reference} cannot be read ({cause}); create it, or allow the function to read it"
            ) from error
        if not token:
            raise DestinationDenied(f"the secret {self._reference} is empty; put the API's token there")
        return token

    def _read(self, refresh: bool) -> str:  # noqa: FBT001 - private, named at its one call
        match self._kind:
            case "env":
                return os.environ.get(self._name, "")
            case "ssm":
                return str(self._parameters.get(self._name, decrypt=True, max_age=_MAX_AGE_SECS, force_fetch=refresh))
            case _:
                return str(self._secrets.get(self._name, max_age=_MAX_AGE_SECS, force_fetch=refresh))

    # Made at the first request: a cold start needs neither client.

    @cached_property
    def _parameters(self) -> SSMProvider:
        return SSMProvider(boto_config=CONFIG)

    @cached_property
    def _secrets(self) -> SecretsProvider:
        return SecretsProvider(boto_config=CONFIG)
