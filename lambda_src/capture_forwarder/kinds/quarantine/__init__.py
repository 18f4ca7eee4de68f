"""Quarantine entries: one line is one rejection, and replay reads it."""
