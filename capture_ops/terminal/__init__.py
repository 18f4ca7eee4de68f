"""Code that commands share at a terminal: errors, tables, signals, the configuration."""
