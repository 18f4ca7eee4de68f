"""The secrets that hold the URLs of sources. No URL is ever printed or part of an error."""

import json
from typing import TYPE_CHECKING, Any

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.configuration.secret_reference import SecretReference
from capture_ops.observability.sumo.failures import SumoFailure

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_TAG = "capture-forwarder:sumo"
_MISSING = "ResourceNotFoundException"
_RECOVERY_DAYS = 7


class UrlSecrets:
    """Reads and writes the URLs. A secret that it made has a tag with the name of the collector."""

    def __init__(self, client: "SecretsManagerClient", collector: str) -> None:
        self._client = client
        self._tag = {"Key": _TAG, "Value": collector}

    def holds(self, reference: SecretReference, url: str) -> bool:
        """Tell whether the secret has this URL."""
        text = self._text(reference.name)
        return text is not None and _url_in(text, reference) == url

    def write(self, reference: SecretReference, url: str) -> None:
        """Write the URL: into its key if the reference has one, else as the whole secret. Makes a missing secret.

        Raises `SumoFailure` for a secret that cannot hold it.
        """
        described = self._described(reference.name)
        if described is None:
            if reference.is_arn:
                raise SumoFailure(f"there is no secret {reference.name}; create it, or write a name without arn:")
            text = _with_url(None, reference, url)
            self._client.create_secret(
                Name=reference.name,
                SecretString=text,
                Description="URLs of the HTTP sources of Sumo Logic; made by capture-forwarder sumo setup",
                Tags=[self._tag],  # type: ignore[list-item]
            )
            return
        if described.get("DeletedDate"):
            self._client.restore_secret(SecretId=reference.name)
        text = _with_url(self._text(reference.name), reference, url)
        self._client.put_secret_value(SecretId=reference.name, SecretString=text)

    def is_own(self, reference: SecretReference) -> bool:
        """Tell whether `write` made the secret and it is not marked for deletion."""
        described = self._described(reference.name)
        return described is not None and not described.get("DeletedDate") and self._tag in described.get("Tags", [])

    def delete(self, reference: SecretReference) -> None:
        """Mark the secret for deletion in a week."""
        self._client.delete_secret(SecretId=reference.name, RecoveryWindowInDays=_RECOVERY_DAYS)

    def _described(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._client.describe_secret(SecretId=name))
        except AwsError as error:
            if code_of(error) == _MISSING:
                return None
            raise

    def _text(self, name: str) -> str | None:
        """Return the text of a secret; `None` if it has none, or is marked for deletion."""
        try:
            return self._client.get_secret_value(SecretId=name).get("SecretString")
        except AwsError as error:
            if code_of(error) in {_MISSING, "InvalidRequestException"}:
                return None
            raise


def _url_in(text: str, reference: SecretReference) -> object:
    return _object_in(text, reference).get(reference.key) if reference.key else text


def _with_url(text: str | None, reference: SecretReference, url: str) -> str:
    if reference.key is None:
        return url
    return json.dumps((_object_in(text, reference) if text else {}) | {reference.key: url})


def _object_in(text: str, reference: SecretReference) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SumoFailure(f"the secret {reference.name} is no JSON object; #{reference.key} needs one")
    return document
