"""The custom resource that registers the routes of a stack."""
