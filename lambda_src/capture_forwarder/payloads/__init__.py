"""Bytes of a capture object made into inferences: pure, lazy, and never failing on what a line holds."""
