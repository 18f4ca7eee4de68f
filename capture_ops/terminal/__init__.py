"""What commands share at a terminal: errors, tables, interruption, the configuration."""
