"""The commands `catalog recipe`, `catalog ingest` and `catalog iam-policy`."""
