"""Commit objects: quarantine, then progress, then queue."""
