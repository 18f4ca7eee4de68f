"""Kinds of records: a line becomes rows."""
