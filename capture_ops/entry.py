"""The entry of `capture-forwarder`: prepares for Ctrl-C, then loads the other modules, for about a second."""

try:
    import os
    import signal
except KeyboardInterrupt:
    raise SystemExit(130) from None

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Load the commands, and run one."""
    end_at_once_on_signals()
    from capture_ops.__main__ import main as run

    run()


def end_at_once_on_signals() -> None:
    """End the process at the first SIGINT or SIGTERM, without output: no work is in progress."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: os._exit(INTERRUPTED))
