"""The `forwarder.toml` that a command reads without `--config`."""

import os
from pathlib import Path

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings


def settings_of(config: Path | None) -> Settings:
    """Return the settings in `config`, else in the file that the environment names, else in the current folder.

    Raises `SettingsError`.
    """
    return read_settings(config or Path(os.environ.get(CONFIG_VARIABLE, "forwarder.toml")))
