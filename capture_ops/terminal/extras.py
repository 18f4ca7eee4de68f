"""The extras of the package that commands need, and the sentence for one that is not installed."""


def missing(extra: str) -> str:
    """Return the sentence that says how to install `extra`."""
    return f"This command needs the extra {extra}; run pip install 'capture-forwarder[{extra}]'"
