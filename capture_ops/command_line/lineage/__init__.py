"""The options and help of the commands `lineage ...`."""
