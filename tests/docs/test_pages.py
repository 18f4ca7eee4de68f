"""Generated pages are what the code says."""

from pathlib import Path

from docs.generate import configuration_page, metrics_page


def test_the_metrics_page_is_the_registry() -> None:
    """Write it anew with `python -m docs.generate`."""
    assert Path("docs/metrics.md").read_text(encoding="utf-8") == metrics_page()


def test_the_configuration_page_is_the_settings() -> None:
    """Write it anew with `python -m docs.generate`."""
    assert Path("docs/configuration.md").read_text(encoding="utf-8") == configuration_page()
