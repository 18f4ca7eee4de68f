"""The dashboards: one module for each, which makes a board of the settings."""
