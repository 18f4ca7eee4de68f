"""Walks over the graph: queries of any depth, their filters, and cycles."""
