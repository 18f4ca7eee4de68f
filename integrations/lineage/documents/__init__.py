"""The files of `lineage import` and `lineage export`."""
