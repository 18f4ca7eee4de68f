"""The `forwarder.toml` of a command: that of `--config`, else of the environment, else of the current folder."""

import os
from pathlib import Path

from capture_forwarder.configuration.names import CONFIG_VARIABLE
from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings

_HERE = "forwarder.toml"


def config_of(config: Path | None) -> Path:
    """Return `config`, else the file that the environment names, else the one in the current folder."""
    return config or Path(os.environ.get(CONFIG_VARIABLE) or _HERE)


def settings_of(config: Path | None) -> Settings:
    """Return the settings in the file of `config_of`. Raises `SettingsError`."""
    return read_settings(config_of(config))


def settings_if_any(config: Path | None) -> Settings | None:
    """Return the same, or `None` if no file is named and the current folder has none. Raises `SettingsError`."""
    found = config_of(config)
    is_named = found != Path(_HERE)
    return read_settings(found) if is_named or found.exists() else None
