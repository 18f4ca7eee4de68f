"""The errors of boto3, and their codes."""

from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, ClientError)


def code_of(error: Exception) -> str:
    """Return the service's error code, or the name of the error if no service answered."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "an error without code")
    return type(error).__name__
