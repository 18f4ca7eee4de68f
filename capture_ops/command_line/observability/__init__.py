"""The commands of observability."""
