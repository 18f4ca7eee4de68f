"""The app that `cdk` runs: the stack of `forwarder.toml`, or of the file that CAPTURE_FORWARDER_CONFIG names."""

import os
import sys
from pathlib import Path

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import SettingsError
from infra.bundling.wheels import AssetError
from infra.node import choose_node


def main() -> None:
    """Write the cloud assembly, or print every problem of the configuration."""
    choose_node()
    # This import starts Node, so it must be chosen before.
    from infra.application import build_app  # noqa: PLC0415 - as above

    try:
        app = build_app(Path(os.environ.get(CONFIG_VARIABLE, "forwarder.toml")))
    except (SettingsError, AssetError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
