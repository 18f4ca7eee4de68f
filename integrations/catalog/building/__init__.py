"""Nodes and edges of the catalog, made of what was read."""
