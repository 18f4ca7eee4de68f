"""What an asset is built for: a Python and a platform."""

import sys

from msgspec import Struct

from capture_forwarder.configuration.stack import Architecture, StackSettings

_PLATFORMS = {Architecture.ARM64: "aarch64-manylinux2014", Architecture.X86_64: "x86_64-manylinux2014"}


class AssetError(Exception):
    """The function's asset cannot be built; the message says why, and what to do."""


class Target(Struct, frozen=True):
    """A minor version of Python (`3.13`) and a platform by its name in uv; without a name, that of this machine."""

    python: str
    platform: str | None

    @classmethod
    def of(cls, stack: StackSettings) -> "Target":
        """Return what Lambda runs a stack of these settings on."""
        return cls(stack.runtime.removeprefix("python"), _PLATFORMS[stack.architecture])

    @classmethod
    def here(cls) -> "Target":
        """Return this machine and the interpreter that runs this line."""
        return cls("{}.{}".format(*sys.version_info), None)

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform or 'this machine'}"
