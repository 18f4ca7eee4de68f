"""The constructs of the observability stack. Each makes resources of the values in `integrations.observability`."""
