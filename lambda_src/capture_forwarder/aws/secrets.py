"""Tokens by reference: a token is in Secrets Manager or Parameter Store, and is fetched when a request needs it."""

import os

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from capture_forwarder.domain.delivery import DestinationDenied

_MAX_AGE_SECS = 300


class SecretToken:
    """The token that `reference` names: `secretsmanager:NAME`, `ssm:/NAME` or `env:VARIABLE`."""

    def __init__(self, reference: str) -> None:
        self._kind, _, self._name = reference.partition(":")
        self._reference = reference

    def __call__(self, *, refresh: bool = False) -> str:
        """Return the token, at most five minutes old, or a fresh one. Raises `DestinationDenied` if there is none."""
        try:
            token = self._fetch(refresh).strip()
        except GetParameterError as error:
            cause = type(error.__cause__ or error.__context__ or error).__name__
            raise DestinationDenied(
                f"the secret {self._reference} cannot be read ({cause}); create it, or allow the function to read it"
            ) from error
        if not token:
            raise DestinationDenied(f"the secret {self._reference} is empty; put the API's token there")
        return token

    def _fetch(self, refresh: bool) -> str:  # noqa: FBT001 - private, with one call
        match self._kind:
            case "env":
                return os.environ.get(self._name, "")
            case "ssm":
                return parameters.get_parameter(self._name, decrypt=True, max_age=_MAX_AGE_SECS, force_fetch=refresh)
            case _:
                return str(parameters.get_secret(self._name, max_age=_MAX_AGE_SECS, force_fetch=refresh))
