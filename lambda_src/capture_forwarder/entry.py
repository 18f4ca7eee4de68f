"""What Lambda loads: the handler, and all that it works with, before there is an event.

The collector rests meanwhile. What is made here stays, so looking through it again and again would take a twelfth of a
cold start for nothing, and it need never be looked through later: https://docs.python.org/3/library/gc.html#gc.freeze
"""

import gc

gc.disable()

from capture_forwarder.bootstrap import runtime  # noqa: E402 - what is imported is what the collector rests for
from capture_forwarder.handler import lambda_handler  # noqa: E402 - as above

__all__ = ["lambda_handler"]

runtime()
gc.freeze()
gc.enable()
