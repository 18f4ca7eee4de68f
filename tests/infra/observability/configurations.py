"""The configuration of the tests that has every option of the observability stack."""

from pathlib import Path

from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings

FULL = Path(__file__).with_name("full.toml")


def full_settings() -> Settings:
    """Return its settings."""
    return read_settings(FULL)
