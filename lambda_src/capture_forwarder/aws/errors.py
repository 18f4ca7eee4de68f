"""What boto3 raises, said in one word."""

from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, ClientError)


def code_of(error: Exception) -> str:
    """Return the service's error code, or the kind of failure where no service answered."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "an error without code")
    return type(error).__name__
