"""Nodes and edges of the catalog, made of the values that were read."""
