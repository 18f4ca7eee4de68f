"""The operator's tool: the forwarder's own code, run and looked into from a terminal."""
