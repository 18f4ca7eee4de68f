"""The outputs of a deployed stack, by name."""

from collections.abc import Mapping

from capture_forwarder.aws.errors import AwsError, code_of
from capture_forwarder.aws.session import CONFIG, aws_session
from capture_forwarder.configuration.names import StackOutput
from capture_forwarder.domain.delivery import Unavailable
from capture_ops.terminal.errors import CommandError


def outputs(stack: str) -> Mapping[str, str]:
    """Return the outputs of `stack`. Raises `CommandError` if there is no such stack, `Unavailable`."""
    try:
        (found,) = aws_session().client("cloudformation", config=CONFIG).describe_stacks(StackName=stack)["Stacks"]
    except AwsError as error:
        code = code_of(error)
        if code == "ValidationError":
            raise CommandError(
                f"there is no stack {stack} in this account and region; deploy it, or name the right one"
            ) from error
        raise Unavailable(
            f"the stack {stack} cannot be read: {code}; check credentials and region, and that you are allowed "
            "cloudformation:DescribeStacks"
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def output(stack: str, name: StackOutput) -> str:
    """Return one output of `stack`. Raises `CommandError` if it has none of that name, `Unavailable`."""
    return named(outputs(stack), stack, name)


def named(found: Mapping[str, str], stack: str, name: str) -> str:
    """Return one of the outputs that were `found` of `stack`. Raises `CommandError` if there is none of that name."""
    if name not in found:
        raise CommandError(f"the stack {stack} has no output {name}; is it a capture-forwarder stack, and up to date?")
    return found[name]
