"""The embedded monitoring API: Arthur's v3 contract on loopback, kept in SQLite; see `server.running_monitor`."""
