"""The work of the commands about observability."""
