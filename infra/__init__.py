"""The stack: what `cdk deploy` makes of `forwarder.toml`."""
