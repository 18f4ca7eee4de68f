"""The module that Lambda loads. Importing it builds the runtime, before the first event arrives.

The garbage collector is off until the runtime is built, because a start leaves hardly any garbage. Its passes took a
seventh of the time (ADR 0013). `gc.freeze` leaves the objects of the start out of later passes.
"""

import gc
import os

gc.disable()

from capture_forwarder.bootstrap import build_runtime  # noqa: E402 - imported without the collector
from capture_forwarder.handler import make_handler  # noqa: E402 - as above

lambda_handler = make_handler(build_runtime(os.environ))
gc.freeze()
gc.enable()
