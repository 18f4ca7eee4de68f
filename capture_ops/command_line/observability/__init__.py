"""The commands about observability."""
