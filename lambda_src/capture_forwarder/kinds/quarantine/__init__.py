"""Quarantine entries: one line is one captured line with its rejections, and replay reads it."""
