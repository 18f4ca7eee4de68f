"""The client of SageMaker: one for a whole run, whose credentials renew themselves if a role is assumed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from integrations.catalog.options import Connection, Role
from integrations.catalog.reading.errors import DENIED, code_of

# DataHub's own source gives this name too, and trust policies may ask for it.
_SESSION_NAME = "DatahubIngestionSource"
# Credentials of a role that need not be assumed are looked up again after this time.
_KEPT = timedelta(minutes=15)
# The margins before credentials expire. By default botocore renews 15 minutes before, so it would renew credentials of
# the shortest duration, 900 seconds, at every call.
_RENEWED_SECS = 5 * 60
_BLOCKED_SECS = 2 * 60
# Without them botocore waits a minute for each try to connect to a host that does not answer.
_DEFAULTS: dict[str, Any] = {
    "retries": {"max_attempts": 5, "mode": "adaptive"},
    "max_pool_connections": 50,
    "connect_timeout": 10,
}
# The errors of the machine's own settings for AWS. All others come from a field of the recipe.
_OF_THE_MACHINE = (
    exceptions.NoRegionError,
    exceptions.ProfileNotFound,
    exceptions.PartialCredentialsError,
    exceptions.ConfigNotFound,
    exceptions.ConfigParseError,
    exceptions.InvalidConfigError,
)


class CannotConnect(Exception):
    """No client can be made of the connection in a recipe: the message names the fields to correct."""


class NoAccess(CannotConnect):
    """The recipe names no region or profile, and those of the machine are missing or cannot be read."""


def sagemaker_client(connection: Connection) -> Any:
    """Return a client of SageMaker. Each role is assumed with the credentials of the one before, at the first call.

    Raises `CannotConnect` for a wrong field, such as an unknown profile or a wrong address, and its subclass `NoAccess`
    if the machine has no region or profile.
    """
    try:
        session = boto3.Session(
            aws_access_key_id=connection.access_key_id,
            aws_secret_access_key=connection.secret_access_key,
            aws_session_token=connection.session_token,
            profile_name=None if connection.access_key_id else connection.profile,
            region_name=connection.region,
        )
        for role in connection.roles:
            session = _assumed(session, role, connection)
        return _client(session, "sagemaker", connection)
    except (BotoCoreError, ValueError, TypeError) as error:
        reason = str(error).rstrip(".")
        if isinstance(error, _OF_THE_MACHINE) and not connection.profile:
            advice = "write aws_region or aws_profile into the recipe, or set AWS_DEFAULT_REGION or AWS_PROFILE"
            raise NoAccess(f"{reason}; {advice}") from error
        advice = "correct aws_region, aws_profile, aws_endpoint_url, aws_proxy or aws_advanced_config in the recipe"
        raise CannotConnect(f"{reason}; {advice}") from error


def _client(session: boto3.Session, service: Any, connection: Connection) -> Any:
    config = Config(**(_DEFAULTS | {"proxies": connection.proxies} | connection.client_config))
    return session.client(service, endpoint_url=connection.endpoint_url, config=config)


def _assumed(source: boto3.Session, role: Role, connection: Connection) -> boto3.Session:
    """Return a session with the credentials of `role`. One client of STS renews them."""
    sts = _client(source, "sts", connection)
    # They have expired, so the first call assumes the role: the making of a client makes no call.
    credentials = RefreshableCredentials(
        access_key="",
        secret_key="",
        token="",
        expiry_time=datetime.fromtimestamp(0, UTC),
        refresh_using=_fetch(sts, source, role),
        method=_Assumed.METHOD,
        advisory_timeout=_RENEWED_SECS,
        mandatory_timeout=_BLOCKED_SECS,
    )
    core = botocore.session.get_session()
    core.register_component("credential_provider", CredentialResolver([_Assumed(credentials)]))
    return boto3.Session(botocore_session=core, region_name=source.region_name)


def _fetch(sts: Any, source: boto3.Session, role: Role) -> Callable[[], dict[str, str]]:
    def fetch() -> dict[str, str]:
        try:
            answer = sts.assume_role(**{"RoleSessionName": _SESSION_NAME} | role.arguments)["Credentials"]
        except ClientError as error:
            if code_of(error) in DENIED and _is_already(sts, role):
                return _current(source)
            raise
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    return fetch


def _is_already(sts: Any, role: Role) -> bool:
    """Tell whether the source credentials are those of the role, as in a function.

    A role may not be allowed to assume itself.
    """
    _, _, _, _, account, resource = sts.get_caller_identity()["Arn"].split(":", 5)
    parts = resource.split("/")
    _, _, _, _, wanted_account, wanted = str(role.arguments.get("RoleArn")).split(":", 5)
    return parts[0] == "assumed-role" and (account, parts[1]) == (wanted_account, wanted.rpartition("/")[2])


def _current(source: boto3.Session) -> dict[str, str]:
    found = source.get_credentials()
    frozen = found.get_frozen_credentials() if found else None
    return {
        "access_key": (frozen and frozen.access_key) or "",
        "secret_key": (frozen and frozen.secret_key) or "",
        "token": (frozen and frozen.token) or "",
        "expiry_time": (datetime.now(UTC) + _KEPT).isoformat(),
    }


class _Assumed(CredentialProvider):
    METHOD = "assume-role"

    def __init__(self, credentials: RefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> RefreshableCredentials:
        return self._credentials
