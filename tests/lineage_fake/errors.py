"""The errors that SageMaker answers."""

import json


class Refused(Exception):
    """A call is refused. moto's own exceptions warn about codes that the service model does not have."""

    def __init__(self, code: str, message: str) -> None:
        """Make an error with the code and the message of the answer."""
        super().__init__(f"{code}: {message}")
        self.body = json.dumps({"__type": code, "message": message})


def invalid(message: str) -> Refused:
    """Return a ValidationException."""
    return Refused("ValidationException", message)


def not_found(what: str) -> Refused:
    """Return a ResourceNotFound."""
    return Refused("ResourceNotFound", f"{what} does not exist.")


def conflict(what: str) -> Refused:
    """Return a ConflictException."""
    return Refused("ConflictException", f"{what} is being changed by another request.")


def throttled() -> Refused:
    """Return a ThrottlingException, with the message that aws/amazon-sagemaker-examples #2247 shows."""
    return Refused("ThrottlingException", "Rate exceeded")


def denied(operation: str) -> Refused:
    """Return an AccessDeniedException."""
    return Refused(
        "AccessDeniedException", f"User is not authorized to perform: sagemaker:{operation} because no policy allows it"
    )


def account_full(kind: str, limit: int) -> Refused:
    """Return a ResourceLimitExceeded, with the message that aws/sagemaker-experiments #194 shows."""
    name = f"Total number of {kind.lower()} allowed, excluding those automatically created by SageMaker"
    return Refused(
        "ResourceLimitExceeded",
        f"The account-level service limit '{name}' is {limit} {kind}, with current utilization of {limit} {kind} "
        f"and a request delta of 1 {kind}.",
    )
