"""The configurations of the tests that have many options of the observability stack."""

from pathlib import Path

from capture_forwarder.configuration.reader import read_settings
from capture_forwarder.configuration.settings import Settings

FULL = Path(__file__).with_name("full.toml")
SUMO = Path(__file__).with_name("sumo.toml")  # delivery without a key


def full_settings() -> Settings:
    """Return its settings."""
    return read_settings(FULL)
