"""The errors that SageMaker answers. moto writes them to the wire."""

from moto.sagemaker.exceptions import SagemakerClientError


def invalid(message: str) -> SagemakerClientError:
    """Return a ValidationException."""
    return SagemakerClientError("ValidationException", message)


def not_found(what: str) -> SagemakerClientError:
    """Return a ResourceNotFound."""
    return SagemakerClientError("ResourceNotFound", f"{what} does not exist.")


def conflict(what: str) -> SagemakerClientError:
    """Return a ConflictException."""
    return SagemakerClientError("ConflictException", f"{what} is being changed by another request.")


def throttled() -> SagemakerClientError:
    """Return a ThrottlingException, with the message that aws/amazon-sagemaker-examples #2247 shows."""
    return SagemakerClientError("ThrottlingException", "Rate exceeded")


def denied(operation: str) -> SagemakerClientError:
    """Return an AccessDeniedException."""
    return SagemakerClientError(
        "AccessDeniedException", f"User is not authorized to perform: sagemaker:{operation} because no policy allows it"
    )


def account_full(kind: str, limit: int) -> SagemakerClientError:
    """Return a ResourceLimitExceeded, with the message that aws/sagemaker-experiments #194 shows."""
    name = f"Total number of {kind.lower()} allowed, excluding those automatically created by SageMaker"
    return SagemakerClientError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{name}' is {limit} {kind}, with current utilization of {limit} {kind} "
        f"and a request delta of 1 {kind}.",
    )
