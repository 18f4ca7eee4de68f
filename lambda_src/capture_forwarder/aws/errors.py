"""The errors of calls to AWS, and their codes."""

from botocore.exceptions import BotoCoreError, ClientError


class CallFailed(Exception):
    """A call failed with an error that is not of botocore's own, such as that of a parser; its cause tells more."""


class TimedOut(CallFailed):
    """A call had no answer in its time. It is not known whether AWS did it."""


AwsError = (BotoCoreError, ClientError, CallFailed)


def code_of(error: BaseException) -> str:
    """Return the service's error code, or the name of the error if no service answered."""
    match error:
        case ClientError():
            return str(error.response.get("Error", {}).get("Code") or "an error without code")
        case TimedOut():
            return "no answer in time"
        case CallFailed():
            return type(error.__cause__ or error).__name__
        case _:
            return type(error).__name__
