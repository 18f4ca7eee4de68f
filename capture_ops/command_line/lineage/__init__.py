"""The commands of `capture-forwarder lineage`."""
