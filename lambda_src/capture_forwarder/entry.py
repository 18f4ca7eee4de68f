"""The module that Lambda loads. Importing it builds the runtime, before the first event arrives."""

import os

from capture_forwarder.bootstrap import build_runtime
from capture_forwarder.handler import make_handler

lambda_handler = make_handler(build_runtime(os.environ))
