"""The module that Lambda loads. Importing it builds the runtime, before the first event arrives.

The garbage collector is off until the runtime is built, because a start leaves hardly any garbage. Its passes over
modules and botocore's descriptions took a seventh of the time (ADR 0013). Later passes leave out the objects of the
start, too.
"""

import gc
import os

gc.disable()

from capture_forwarder.bootstrap import build_runtime  # noqa: E402 - imported without the collector
from capture_forwarder.handler import make_handler  # noqa: E402 - as above

lambda_handler = make_handler(build_runtime(os.environ))
gc.freeze()
gc.enable()
