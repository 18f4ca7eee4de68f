"""Quarantine entries: one line is one rejection, which replay reads again."""
