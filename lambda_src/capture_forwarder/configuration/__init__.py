"""The configuration that the Lambda, the stack and the commands share."""
