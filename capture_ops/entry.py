"""The entry of `capture-forwarder`: prepares for Ctrl-C before anything else is loaded, which takes a second."""

from capture_ops.terminal.interruption import end_at_once_on_signals


def main() -> None:
    """Load the commands, and run one."""
    end_at_once_on_signals()
    from capture_ops.__main__ import main as run

    run()
