"""The exceptions of boto3, under one name."""

from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, ClientError)


def code_of(error: Exception) -> str:
    """Return the error code of the service, or the exception's name if no service answered."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "an error without code")
    return type(error).__name__
