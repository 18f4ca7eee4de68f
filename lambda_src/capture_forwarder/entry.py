"""The module that Lambda loads: it builds the runtime in the init phase, before the first event."""

from capture_forwarder.bootstrap import runtime
from capture_forwarder.handler import lambda_handler

__all__ = ["lambda_handler"]

runtime()
