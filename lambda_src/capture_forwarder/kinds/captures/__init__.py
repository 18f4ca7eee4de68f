"""Capture records: one line is one call of an endpoint."""
