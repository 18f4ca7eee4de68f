"""The embedded monitoring API: Arthur's v3 contract on loopback, with SQLite as its store."""
