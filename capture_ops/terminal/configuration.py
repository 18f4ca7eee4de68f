"""Which `forwarder.toml` a command reads when nobody says."""

import os
from pathlib import Path

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings


def settings_of(config: Path | None) -> Settings:
    """Return what `config` says, else the file that the environment names, else the one here.

    Raises `SettingsError`.
    """
    return read_settings(config or Path(os.environ.get(CONFIG_VARIABLE, "forwarder.toml")))
