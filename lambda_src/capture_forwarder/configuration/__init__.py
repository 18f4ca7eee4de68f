"""The configuration that the function, the stack and the commands share."""
