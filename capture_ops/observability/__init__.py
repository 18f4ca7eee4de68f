"""The work of the commands of observability."""
