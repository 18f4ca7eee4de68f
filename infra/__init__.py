"""The stack that `cdk deploy` makes from `forwarder.toml`."""
